//! What a process takes of the machine, with all its threads, as the kernel counts it.

use std::fs;
use std::time::Duration;

use pgquerylens_sandbox::backend;
use rustix::param::clock_ticks_per_second;

use crate::Result;

/// Fields of /proc/PID/stat between the program's name and the time in user mode (proc_pid_stat(5)).
const FIELDS_BEFORE_TIME: usize = 11;

/// What a process took so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// User and system time.
    pub(crate) cpu: Duration,
    /// Memory that is resident now, in bytes.
    pub(crate) resident: u64,
    /// The most memory that was resident, in bytes.
    pub(crate) peak: u64,
}

/// Looks at a process.
pub(crate) fn look(process: u32) -> Result<Usage> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let ticks = ticks(&stat).ok_or("/proc/PID/stat cannot be understood")?;
    Ok(Usage {
        cpu: Duration::from_secs_f64(ticks as f64 / clock_ticks_per_second() as f64),
        resident: backend::resident_memory_bytes(process)?,
        peak: backend::peak_memory_bytes(process)?,
    })
}

/// The program's name may have spaces, and stands in parentheses.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(FIELDS_BEFORE_TIME).map(str::parse::<u64>);
    Some(times.next()?.ok()? + times.next()?.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_summed() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 91 0 0 0 12 30 5 6 20 0 1 0 100 1 2";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    fn the_kernel_tells_of_this_process() {
        let usage = look(std::process::id()).unwrap();
        assert!(usage.resident > 0 && usage.resident <= usage.peak);
    }
}
