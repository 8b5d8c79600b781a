//! What the process takes of the machine, as the kernel counts it. What a system does not tell is left out.

use std::fs;

use rustix::time::{ClockId, clock_gettime};

/// What the process takes of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Vitals {
    /// Time on processors since it began, in seconds.
    pub(super) cpu_seconds: f64,
    /// Memory, in bytes.
    pub(super) memory_bytes: Option<u64>,
    /// The most memory that it had, in bytes.
    pub(super) peak_memory_bytes: Option<u64>,
    /// Open file descriptors.
    pub(super) open_files: Option<u64>,
}

/// Looks at the process.
pub(super) fn look() -> Vitals {
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    Vitals {
        cpu_seconds: cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9,
        memory_bytes: bytes_of("VmRSS:", &status),
        peak_memory_bytes: bytes_of("VmHWM:", &status),
        open_files: fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
    }
}

/// Reads a line such as `VmRSS: 10240 kB` of proc_pid_status(5).
fn bytes_of(name: &str, status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes_or_not_at_all() {
        let status = "Name:\tpgquerylens\nVmHWM:\t   12288 kB\nVmRSS:\t   10240 kB\nVmSwap:\t none\n";
        assert_eq!(bytes_of("VmRSS:", status), Some(10_485_760));
        assert_eq!(bytes_of("VmHWM:", status), Some(12_582_912));
        assert_eq!(bytes_of("VmSwap:", status), None);
        assert_eq!(bytes_of("VmPeak:", status), None);
    }

    #[test]
    fn the_kernel_tells_of_this_process() {
        let vitals = look();
        assert!(vitals.cpu_seconds > 0.0);
        assert!(vitals.memory_bytes <= vitals.peak_memory_bytes && vitals.memory_bytes > Some(0));
        assert!(vitals.open_files > Some(2));
    }
}
