//! What becomes of the figures of an event: under the names of OpenTelemetry's system conventions where they mean the same
//! thing, else under `aws.rds.os.`.

use std::borrow::Cow;

use pgquerylens_model::metric::MetricKind::{Gauge, UpDownCounter};
use pgquerylens_model::metric::{Attribute, Metric, MetricKind, Value};
use pgquerylens_model::outside::Measure;
use pgquerylens_model::time::Timestamp;
use pgquerylens_model::window::Sum;

use super::NAME;
use super::reading::{Fields, Reading, Section};

/// One metric.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) metric: Metric,
    section: Section,
    /// The attribute that its figures are told apart by, if there are several.
    key: Option<&'static str>,
    /// The figures: what they are called there, the attribute's value, and by what they are multiplied.
    figures: &'static [(&'static str, &'static str, f64)],
}

const fn row(
    name: &'static str,
    kind: MetricKind,
    unit: &'static str,
    section: Section,
    key: Option<&'static str>,
    figures: &'static [(&'static str, &'static str, f64)],
    about: &'static str,
) -> Row {
    let metric = Metric { name: Cow::Borrowed(name), unit, about: Cow::Borrowed(about), kind, family: NAME };
    Row { metric, section, key, figures }
}

const PERCENT: f64 = 0.01;
const KIB: f64 = 1024.0;
const MILLI: f64 = 1e-3;

const MODE: Option<&str> = Some("cpu.mode");
const MEMORY_STATE: Option<&str> = Some("system.memory.state");
const PAGING_STATE: Option<&str> = Some("system.paging.state");
const PROCESS_STATE: Option<&str> = Some("process.state");
const DISK_DIRECTION: Option<&str> = Some("disk.io.direction");
const NETWORK_DIRECTION: Option<&str> = Some("network.io.direction");
const FILE_SYSTEM_STATE: Option<&str> = Some("system.filesystem.state");

/// All of them.
#[rustfmt::skip]
pub(super) static METRICS: [Row; 32] = [
    row("system.cpu.logical.count", UpDownCounter, "{cpu}", Section::Machine, None,
        &[("numVCPUs", "", 1.0)], "Virtual processors"),
    row("system.cpu.utilization", Gauge, "1", Section::Cpu, MODE,
        &[("user", "user", PERCENT), ("system", "system", PERCENT), ("nice", "nice", PERCENT), ("idle", "idle", PERCENT),
          ("wait", "iowait", PERCENT), ("irq", "interrupt", PERCENT), ("steal", "steal", PERCENT)],
        "Share of the processors' time, of all together"),
    row("system.memory.limit", UpDownCounter, "By", Section::Memory, None,
        &[("total", "", KIB)], "Memory of the machine"),
    row("system.memory.usage", UpDownCounter, "By", Section::Memory, MEMORY_STATE,
        &[("used", "used", KIB), ("free", "free", KIB), ("cached", "cached", KIB), ("buffers", "buffers", KIB)],
        "Memory by state; used is what is not free, cached or in buffers"),
    row("system.paging.usage", UpDownCounter, "By", Section::Swap, PAGING_STATE,
        &[("used", "used", KIB), ("free", "free", KIB)], "Swap space by state"),
    row("system.process.count", UpDownCounter, "{process}", Section::Tasks, PROCESS_STATE,
        &[("running", "running", 1.0), ("sleeping", "sleeping", 1.0), ("stopped", "stopped", 1.0), ("zombie", "defunct", 1.0)],
        "Processes by state"),
    row("system.filesystem.limit", UpDownCounter, "By", Section::FileSystem, None,
        &[("total", "", KIB)], "Size of a file system"),
    row("system.filesystem.usage", UpDownCounter, "By", Section::FileSystem, FILE_SYSTEM_STATE,
        &[("used", "used", KIB), ("free", "free", KIB)], "Space of a file system by state"),

    row("aws.rds.os.load_average.1m", Gauge, "{process}", Section::Load, None,
        &[("one", "", 1.0)], "Processes that want a processor, over a minute"),
    row("aws.rds.os.load_average.5m", Gauge, "{process}", Section::Load, None,
        &[("five", "", 1.0)], "The same over five minutes"),
    row("aws.rds.os.load_average.15m", Gauge, "{process}", Section::Load, None,
        &[("fifteen", "", 1.0)], "The same over fifteen minutes"),
    row("aws.rds.os.tasks.blocked", UpDownCounter, "{process}", Section::Tasks, None,
        &[("blocked", "", 1.0)], "Processes that are blocked"),
    row("aws.rds.os.memory.active", UpDownCounter, "By", Section::Memory, None,
        &[("active", "", KIB)], "Memory that was used lately"),
    row("aws.rds.os.memory.inactive", UpDownCounter, "By", Section::Memory, None,
        &[("inactive", "", KIB)], "Memory that was not used lately"),
    row("aws.rds.os.memory.dirty", UpDownCounter, "By", Section::Memory, None,
        &[("dirty", "", KIB)], "Pages that are to be written to storage"),
    row("aws.rds.os.memory.writeback", UpDownCounter, "By", Section::Memory, None,
        &[("writeback", "", KIB)], "Pages that are being written to storage"),
    row("aws.rds.os.memory.mapped", UpDownCounter, "By", Section::Memory, None,
        &[("mapped", "", KIB)], "Files that are mapped into processes"),
    row("aws.rds.os.memory.slab", UpDownCounter, "By", Section::Memory, None,
        &[("slab", "", KIB)], "Structures of the kernel"),
    row("aws.rds.os.memory.page_tables", UpDownCounter, "By", Section::Memory, None,
        &[("pageTables", "", KIB)], "Page tables: they grow with connections and shared buffers where there are no huge pages"),
    row("aws.rds.os.memory.huge_pages.total", UpDownCounter, "{page}", Section::Memory, None,
        &[("hugePagesTotal", "", 1.0)], "Huge pages"),
    row("aws.rds.os.memory.huge_pages.free", UpDownCounter, "{page}", Section::Memory, None,
        &[("hugePagesFree", "", 1.0)], "Huge pages that are free"),
    row("aws.rds.os.swap.in", Gauge, "By", Section::Swap, None,
        &[("in", "", KIB)], "Memory that was swapped in from disk"),
    row("aws.rds.os.swap.out", Gauge, "By", Section::Swap, None,
        &[("out", "", KIB)], "Memory that was swapped out to disk"),
    row("aws.rds.os.network.throughput", Gauge, "By/s", Section::Network, NETWORK_DIRECTION,
        &[("rx", "receive", 1.0), ("tx", "transmit", 1.0)], "Traffic of an interface by direction"),
    row("aws.rds.os.disk.iops", Gauge, "{operation}/s", Section::Disk, DISK_DIRECTION,
        &[("readIOsPS", "read", 1.0), ("writeIOsPS", "write", 1.0)], "Operations of a disk by direction"),
    row("aws.rds.os.disk.throughput", Gauge, "By/s", Section::Disk, DISK_DIRECTION,
        &[("readKbPS", "read", KIB), ("writeKbPS", "write", KIB), ("readThroughput", "read", 1.0), ("writeThroughput", "write", 1.0)],
        "Bytes of a disk by direction"),
    row("aws.rds.os.disk.latency", Gauge, "s", Section::Disk, DISK_DIRECTION,
        &[("readLatency", "read", MILLI), ("writeLatency", "write", MILLI)], "Average time of an operation by direction, of Aurora alone"),
    row("aws.rds.os.disk.await", Gauge, "s", Section::Disk, None,
        &[("await", "", MILLI)], "Average time of an operation, waiting in the queue included"),
    row("aws.rds.os.disk.queue_depth", Gauge, "{operation}", Section::Disk, None,
        &[("avgQueueLen", "", 1.0), ("diskQueueDepth", "", 1.0)], "Operations that wait for a disk"),
    row("aws.rds.os.disk.utilization", Gauge, "1", Section::Disk, None,
        &[("util", "", PERCENT)], "Share of the time in which a disk was busy"),
    row("aws.rds.os.physical_device.iops", Gauge, "{operation}/s", Section::PhysicalDevice, DISK_DIRECTION,
        &[("readIOsPS", "read", 1.0), ("writeIOsPS", "write", 1.0)], "Operations of a device beneath the disks by direction"),
    row("aws.rds.os.physical_device.await", Gauge, "s", Section::PhysicalDevice, None,
        &[("await", "", MILLI)], "Average time of an operation of a device beneath the disks"),
];

impl Row {
    /// Returns the attributes that its points have.
    pub(super) fn attributes(&self) -> Vec<&'static str> {
        self.section.name().map(|(_, attribute)| attribute).into_iter().chain(self.key).collect()
    }
}

/// Returns what an event tells.
pub(super) fn measures(reading: &Reading, time: Timestamp) -> Vec<Measure> {
    METRICS.iter().flat_map(|row| of_row(row, reading, time)).collect()
}

fn of_row(row: &'static Row, reading: &Reading, time: Timestamp) -> Vec<Measure> {
    let mut measures = Vec::new();
    for part in reading.section(row.section) {
        let named = name(row.section, &part);
        for (field, value, factor) in row.figures {
            let Some(figure) = part.get(*field).and_then(serde_json::Value::as_f64) else { continue };
            let told_apart = row.key.map(|key| (key, Value::Text((*value).to_owned())));
            measures.push(Measure {
                metric: &row.metric,
                attributes: named.clone().into_iter().chain(told_apart).collect(),
                start: None,
                time,
                value: Sum::Float(figure * factor),
            });
        }
    }
    measures
}

/// Returns what a part is told apart by; Aurora's storage is no device and has no name.
fn name(section: Section, part: &Fields) -> Option<Attribute> {
    let (field, attribute) = section.name()?;
    let name = part.get(field)?.as_str()?;
    Some((attribute, Value::Text(name.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows every value as `metric{attributes} value`.
    fn shown(text: &str) -> Vec<String> {
        let reading: Reading = serde_json::from_str(text).unwrap();
        let show = |measure: &Measure| {
            let of = |(key, value): &Attribute| {
                format!("{key}={value:?}").replace("Text(\"", "").replace("\")", "")
            };
            let attributes = measure.attributes.iter().map(of).collect::<Vec<_>>().join(",");
            format!("{}{{{attributes}}} {:.3}", measure.metric.name, measure.value.as_f64())
        };
        measures(&reading, Timestamp(0)).iter().map(show).collect()
    }

    #[test]
    fn figures_get_their_units_and_what_tells_them_apart() {
        let text = r#"{
            "engine": "POSTGRES", "instanceID": "shop", "numVCPUs": 2, "uptime": "1 days, 2:03:04", "version": 1.0,
            "cpuUtilization": {"guest": 0, "irq": 0.25, "wait": 7.5, "total": 12.5, "idle": 87.5},
            "loadAverageMinute": {"one": 0.27, "five": 0.26, "fifteen": 0.12},
            "memory": {"total": 4000, "free": 1000, "cached": 500, "buffers": 100, "pageTables": 3},
            "swap": {"total": 100, "free": 75, "in": 0, "out": 2.5},
            "tasks": {"running": 1, "zombie": 2, "total": 79, "blocked": 0},
            "network": [{"interface": "eth0", "rx": 1217, "tx": 1830.5}],
            "diskIO": [{"device": "rdsdev", "readIOsPS": 3, "writeKbPS": 45.5, "await": 1.5, "util": 2, "avgQueueLen": 0.01}],
            "physicalDeviceIO": [{"device": "nvme1n1", "writeIOsPS": 7}],
            "fileSys": [{"mountPoint": "/rdsdbdata", "name": "rdsfilesys", "used": 10, "total": 20, "usedFiles": 5}],
            "processList": [{"name": "postgres: hunter2 shop SELECT", "rss": 17}]
        }"#;
        assert_eq!(
            shown(text),
            [
                "system.cpu.logical.count{} 2.000",
                "system.cpu.utilization{cpu.mode=idle} 0.875",
                "system.cpu.utilization{cpu.mode=iowait} 0.075",
                "system.cpu.utilization{cpu.mode=interrupt} 0.003",
                "system.memory.limit{} 4096000.000",
                "system.memory.usage{system.memory.state=used} 2457600.000",
                "system.memory.usage{system.memory.state=free} 1024000.000",
                "system.memory.usage{system.memory.state=cached} 512000.000",
                "system.memory.usage{system.memory.state=buffers} 102400.000",
                "system.paging.usage{system.paging.state=used} 25600.000",
                "system.paging.usage{system.paging.state=free} 76800.000",
                "system.process.count{process.state=running} 1.000",
                "system.process.count{process.state=defunct} 2.000",
                "system.filesystem.limit{system.filesystem.mountpoint=/rdsdbdata} 20480.000",
                "system.filesystem.usage{system.filesystem.mountpoint=/rdsdbdata,system.filesystem.state=used} 10240.000",
                "system.filesystem.usage{system.filesystem.mountpoint=/rdsdbdata,system.filesystem.state=free} 10240.000",
                "aws.rds.os.load_average.1m{} 0.270",
                "aws.rds.os.load_average.5m{} 0.260",
                "aws.rds.os.load_average.15m{} 0.120",
                "aws.rds.os.tasks.blocked{} 0.000",
                "aws.rds.os.memory.page_tables{} 3072.000",
                "aws.rds.os.swap.in{} 0.000",
                "aws.rds.os.swap.out{} 2560.000",
                "aws.rds.os.network.throughput{network.interface.name=eth0,network.io.direction=receive} 1217.000",
                "aws.rds.os.network.throughput{network.interface.name=eth0,network.io.direction=transmit} 1830.500",
                "aws.rds.os.disk.iops{system.device=rdsdev,disk.io.direction=read} 3.000",
                "aws.rds.os.disk.throughput{system.device=rdsdev,disk.io.direction=write} 46592.000",
                "aws.rds.os.disk.await{system.device=rdsdev} 0.002",
                "aws.rds.os.disk.queue_depth{system.device=rdsdev} 0.010",
                "aws.rds.os.disk.utilization{system.device=rdsdev} 0.020",
                "aws.rds.os.physical_device.iops{system.device=nvme1n1,disk.io.direction=write} 7.000",
            ]
        );
    }

    #[test]
    fn auroras_storage_is_a_disk_without_a_name() {
        let text = r#"{"diskIO": [{"readThroughput": 4096, "readLatency": 2.5, "diskQueueDepth": 1}]}"#;
        assert_eq!(
            shown(text),
            [
                "aws.rds.os.disk.throughput{disk.io.direction=read} 4096.000",
                "aws.rds.os.disk.latency{disk.io.direction=read} 0.003",
                "aws.rds.os.disk.queue_depth{} 1.000",
            ]
        );
    }

    #[test]
    fn what_is_missing_or_no_figure_is_left_out() {
        for text in
            ["{}", r#"{"memory": {"total": null, "free": "much"}, "swap": {"total": 1}, "processList": 7}"#]
        {
            assert_eq!(shown(text), Vec::<String>::new(), "{text}");
        }
    }
}
