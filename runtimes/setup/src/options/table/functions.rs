//! The rows of what is scheduled from outside: functions, of which several invocations may run at the same time.

use super::super::row::flag;
use super::super::{OptionSpec, Place};
use super::PROCESS;

pub(super) const ROWS: &[OptionSpec] = &[OptionSpec {
    commands: &[],
    sections: PROCESS,
    default: Some("false"),
    help: "Let one poll at a time use a state, by an advisory lock on the server that is polled; a function does by default",
    more: "The lock's key is made of the state's URL and the server's name. Whoever does not get it ends at once and \
           says so. It is held by the connection, so that it ends with it; behind a pooler nothing is locked.",
    ..flag("single-flight", Place::Variable)
}];
