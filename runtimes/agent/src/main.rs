//! The command `pgquerylens`. Here the process is looked at (arguments, environment, user, terminal) and ended; what
//! is done in between is in `commands`.

mod agent;
mod check_document;
mod commands;
mod config;
mod exit;
mod failure;
mod options;
mod output;
mod process;
mod report;
mod schedule;
mod stop;
mod store;

use std::process::ExitCode;

use commands::run;
use exit::Exit;
use failure::Failure;
use process::Process;

fn main() -> ExitCode {
    let process = Process::look();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(run(&process));
            // A write to a reader that does not read, or a look-up of a name, is not waited for.
            runtime.shutdown_background();
            ended
        }
        Err(error) => {
            Err(Failure::of(Exit::Internal, &error, "free memory or file descriptors and try again"))
        }
    };
    let exit = ended.unwrap_or_else(|failure| {
        output::say_failure(&failure);
        failure.exit
    });
    ExitCode::from(exit.code())
}
