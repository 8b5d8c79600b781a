//! The command line: the table of options as a parser with its help, the subcommands, and the reference of both. The table
//! itself is `pgquerylens_setup`'s, as are the values that are read by it.

mod parser;
mod reference;
mod subcommands;

pub(crate) use parser::{command, command_line};
pub(crate) use reference::options_page;
pub(crate) use subcommands::{SUBCOMMANDS, Subcommand};
