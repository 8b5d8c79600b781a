//! The command `pgquerylens`. Here the process is looked at (arguments, environment, user, terminal) and ended; what
//! is done in between is in `commands`.

mod agent;
mod check_document;
mod commands;
mod figures;
mod looked;
mod options;
mod output;
mod process;
mod report;
mod schedule;
mod stop;

use std::process::ExitCode;
use std::time::Duration;

use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;

use commands::run;
use process::Process;

/// How long work on other threads may go on at the end: a folder is still removed, a write to a reader that does not read
/// is not waited for.
const LAST_WORK: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let process = Process::look();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(run(&process));
            runtime.shutdown_timeout(LAST_WORK);
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
