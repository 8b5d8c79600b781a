//! One event of Enhanced Monitoring, as far as we read it. Everything in it may be missing: RDS and Aurora write different
//! ones, and older versions fewer. What is not here is not read, the names of processes above all.
//!
//! Source: "OS metrics in Enhanced Monitoring" in the user guide of Amazon RDS; sizes there are kilobytes of 1,024 bytes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// Figures by the names that they have there, among which may be what is no figure.
pub(super) type Fields = BTreeMap<String, Value>;

/// One event.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Reading {
    #[serde(rename = "numVCPUs")]
    cpu_count: Value,
    cpu_utilization: Fields,
    load_average_minute: Fields,
    memory: Fields,
    swap: Fields,
    tasks: Fields,
    #[serde(rename = "diskIO")]
    disk_io: Vec<Fields>,
    #[serde(rename = "physicalDeviceIO")]
    physical_device_io: Vec<Fields>,
    network: Vec<Fields>,
    #[serde(rename = "fileSys")]
    file_systems: Vec<Fields>,
}

/// The parts of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Machine,
    Cpu,
    Load,
    Memory,
    Swap,
    Tasks,
    Disk,
    PhysicalDevice,
    Network,
    FileSystem,
}

impl Section {
    /// Returns the field that tells the parts of a section apart, with the attribute that it becomes.
    pub(super) const fn name(self) -> Option<(&'static str, &'static str)> {
        match self {
            Section::Disk | Section::PhysicalDevice => Some(("device", "system.device")),
            Section::Network => Some(("interface", "network.interface.name")),
            Section::FileSystem => Some(("mountPoint", "system.filesystem.mountpoint")),
            _ => None,
        }
    }
}

impl Reading {
    /// Returns the parts of a section, with what follows from what is there.
    pub(super) fn section(&self, section: Section) -> Vec<Fields> {
        match section {
            Section::Machine => vec![Fields::from([("numVCPUs".to_owned(), self.cpu_count.clone())])],
            Section::Cpu => vec![self.cpu_utilization.clone()],
            Section::Load => vec![self.load_average_minute.clone()],
            Section::Memory => vec![with_rest(&self.memory, "used", &["free", "cached", "buffers"])],
            Section::Swap => vec![with_rest(&self.swap, "used", &["free"])],
            Section::Tasks => vec![self.tasks.clone()],
            Section::Disk => self.disk_io.clone(),
            Section::PhysicalDevice => self.physical_device_io.clone(),
            Section::Network => self.network.clone(),
            Section::FileSystem => {
                self.file_systems.iter().map(|fields| with_rest(fields, "free", &["used"])).collect()
            }
        }
    }
}

/// Adds under a name what is left of the total without the others, where all of them are there.
fn with_rest(fields: &Fields, name: &str, others: &[&str]) -> Fields {
    let figure = |name: &str| fields.get(name).and_then(Value::as_f64);
    let others: Option<f64> = others.iter().map(|name| figure(name)).sum();
    let rest = figure("total").zip(others).map(|(total, others)| (total - others).max(0.0));
    let rest = rest.map(|rest| (name.to_owned(), Value::from(rest)));
    fields.clone().into_iter().chain(rest).collect()
}
