//! What one backend has cost the machine, as the kernel tells it under /proc. Works for servers of this machine alone;
//! what is said of memory is said of any process.

use std::fs;

use crate::{Error, Result, error::Doing};

/// Returns the CPU time of a backend since it started, in nanoseconds (first field of `/proc/PID/schedstat`).
pub fn cpu_nanoseconds(process: u32) -> Result<u64> {
    let text = read(process, "schedstat")?;
    text.split_whitespace()
        .next()
        .and_then(|field| field.parse().ok())
        .ok_or_else(|| unreadable(process, "schedstat"))
}

/// Returns the most memory a backend has had resident, shared buffers that it touched included (`VmHWM`).
pub fn peak_memory_bytes(process: u32) -> Result<u64> {
    kilobytes(&read(process, "status")?, &["VmHWM:"]).ok_or_else(|| unreadable(process, "status"))
}

/// Returns the memory that a process has resident now (`VmRSS`).
pub fn resident_memory_bytes(process: u32) -> Result<u64> {
    kilobytes(&read(process, "status")?, &["VmRSS:"]).ok_or_else(|| unreadable(process, "status"))
}

/// Returns the memory that is a backend's own by now, without shared buffers (`Private_*` of smaps_rollup).
pub fn private_memory_bytes(process: u32) -> Result<u64> {
    let text = read(process, "smaps_rollup")?;
    kilobytes(&text, &["Private_Clean:", "Private_Dirty:"]).ok_or_else(|| unreadable(process, "smaps_rollup"))
}

/// Makes [`peak_memory_bytes`] start anew from what is resident now.
pub fn reset_peak_memory(process: u32) -> Result<()> {
    fs::write(format!("/proc/{process}/clear_refs"), "5").doing(format!("reset the peak memory of {process}"))
}

fn read(process: u32, file: &str) -> Result<String> {
    fs::read_to_string(format!("/proc/{process}/{file}")).doing(format!("read /proc/{process}/{file}"))
}

fn unreadable(process: u32, file: &str) -> Error {
    Error::Unsupported { what: format!("understand /proc/{process}/{file}") }
}

/// Sums the lines that start with one of these labels, as bytes; `None` if there is no such line.
fn kilobytes(text: &str, labels: &[&str]) -> Option<u64> {
    let wanted = text.lines().filter_map(|line| labels.iter().find_map(|label| line.strip_prefix(label)));
    let values = wanted.filter_map(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    values.map(|value| value * 1024).reduce(|sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::{cpu_nanoseconds, kilobytes, peak_memory_bytes, private_memory_bytes, reset_peak_memory};
    use crate::{Server, backend_pid, newest};

    #[test]
    fn labelled_lines_are_summed() {
        let text = "VmHWM:\t  10 kB\nPrivate_Clean: 1 kB\nPrivate_Dirty: 2 kB\n";
        assert_eq!(kilobytes(text, &["Private_Clean:", "Private_Dirty:"]), Some(3072));
        assert_eq!(kilobytes(text, &["VmSwap:"]), None);
    }

    #[tokio::test]
    async fn sorting_costs_time_and_memory() {
        let server = Server::new(newest()).start().await.unwrap();
        let client = server.superuser().await.unwrap();
        let process = backend_pid(&client).await.unwrap();
        reset_peak_memory(process).unwrap();
        let (cpu, peak) = (cpu_nanoseconds(process).unwrap(), peak_memory_bytes(process).unwrap());
        let sort = "set work_mem = '64MB'; select count(*) from (select g from generate_series(1, 300000) g order by g desc) s";
        client.batch_execute(sort).await.unwrap();
        assert!(cpu_nanoseconds(process).unwrap() > cpu + 1_000_000);
        assert!(peak_memory_bytes(process).unwrap() > peak + 8 * 1024 * 1024);
        assert!(private_memory_bytes(process).unwrap() > 0);
    }
}
