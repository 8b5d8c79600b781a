//! What goes wrong on the stage of a demo: with a server that it starts, or with anything else.

use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::{DISK, Failure, REPORT_IT};

/// Why a demo ended early.
pub(super) struct Trouble(Failure);

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Trouble {
        Trouble(failure)
    }
}

impl From<Trouble> for Failure {
    fn from(Trouble(failure): Trouble) -> Failure {
        failure
    }
}

impl From<pgquerylens_sandbox::Error> for Trouble {
    fn from(error: pgquerylens_sandbox::Error) -> Trouble {
        use pgquerylens_sandbox::Error as Sandbox;
        let (exit, advice) = match &error {
            Sandbox::NotInstalled { .. } => (
                Exit::NoInput,
                "in a clone of the repository `make demo` installs it; or name a folder with 18/bin below it: \
                 pgquerylens demo --postgres DIR",
            ),
            Sandbox::Exited { .. } => (Exit::Unavailable, "mend what the log names and start the demo again"),
            Sandbox::TimedOut { .. } => {
                (Exit::TryAgain, "start the demo again when the machine is less busy")
            }
            Sandbox::Io { .. } => (Exit::Io, DISK),
            Sandbox::Unsupported { .. } | Sandbox::Sql { .. } | Sandbox::Certificate(_) => {
                (Exit::Internal, REPORT_IT)
            }
        };
        Trouble(Failure::of(exit, &error, advice))
    }
}
