//! What is asked of CloudWatch: the metrics of the namespace `AWS/RDS` that PostgreSQL has, under their own names. Each
//! one that is asked for is paid for, so that an instance is asked for what it has.
//!
//! Source: "Amazon CloudWatch metrics for Amazon RDS" in the user guide of Amazon RDS, "Amazon CloudWatch metrics for Amazon
//! Aurora" in that of Aurora.

use pgquerylens_model::metric::Metric;

use super::NAME;
use crate::instance::Facts;
use crate::metrics::level;

/// One metric.
#[derive(Debug)]
pub(crate) struct Row {
    /// What CloudWatch calls it.
    pub(super) name: &'static str,
    pub(super) scope: Scope,
    pub(crate) metric: Metric,
}

/// Who has a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Every instance.
    Every,
    /// Those that are not Aurora's.
    Rds,
    /// Those of Aurora.
    Aurora,
    /// Those that write, of Aurora.
    AuroraWriter,
    /// Those that read, of Aurora.
    AuroraReader,
    /// Read replicas that are not Aurora's.
    RdsReplica,
    /// Those in a cluster, which have storage of their own besides.
    Clustered,
    /// Those of burstable classes.
    Burstable,
    /// Those of Aurora Serverless v2.
    Serverless,
    /// The cluster of Aurora itself, which the instance that writes stands for.
    Volume,
}

impl Scope {
    /// Tells whether an instance has it, by what RDS and the server itself tell.
    pub(super) fn is_of(self, facts: &Facts, in_recovery: bool) -> bool {
        match self {
            Scope::Every => true,
            Scope::Rds => !facts.is_aurora,
            Scope::Aurora => facts.is_aurora,
            Scope::AuroraWriter => facts.is_aurora && !in_recovery,
            Scope::AuroraReader => facts.is_aurora && in_recovery,
            Scope::RdsReplica => !facts.is_aurora && in_recovery,
            Scope::Clustered => facts.cluster.is_some(),
            Scope::Burstable => facts.class.starts_with("db.t"),
            Scope::Serverless => facts.class == "db.serverless",
            Scope::Volume => facts.is_aurora && facts.cluster.is_some() && !in_recovery,
        }
    }
}

const fn row(
    name: &'static str,
    scope: Scope,
    ours: &'static str,
    unit: &'static str,
    about: &'static str,
) -> Row {
    Row { name, scope, metric: level(ours, unit, about, NAME) }
}

/// All of them.
#[rustfmt::skip]
pub(crate) static METRICS: [Row; 41] = [
    row("CPUUtilization", Scope::Every, "aws.rds.cpu_utilization", "%", "Processor time in use"),
    row("DatabaseConnections", Scope::Every, "aws.rds.database_connections", "{connection}", "Client connections over the network"),
    row("DiskQueueDepth", Scope::Every, "aws.rds.disk_queue_depth", "{operation}", "Reads and writes that wait for the disk"),
    row("EBSByteBalance%", Scope::Every, "aws.rds.ebs_byte_balance", "%", "Throughput credits that are left in the burst bucket"),
    row("EBSIOBalance%", Scope::Every, "aws.rds.ebs_io_balance", "%", "I/O credits that are left in the burst bucket"),
    row("FreeableMemory", Scope::Every, "aws.rds.freeable_memory", "By", "Memory that is available"),
    row("MaximumUsedTransactionIDs", Scope::Every, "aws.rds.maximum_used_transaction_ids", "{transaction}", "Age of the oldest transaction id that was not vacuumed"),
    row("NetworkReceiveThroughput", Scope::Every, "aws.rds.network_receive_throughput", "By/s", "What comes in over the network"),
    row("NetworkTransmitThroughput", Scope::Every, "aws.rds.network_transmit_throughput", "By/s", "What goes out over the network"),
    row("ReadIOPS", Scope::Every, "aws.rds.read_iops", "{operation}/s", "Reads from the disk"),
    row("ReadLatency", Scope::Every, "aws.rds.read_latency", "s", "Average time of a read from the disk"),
    row("ReadThroughput", Scope::Every, "aws.rds.read_throughput", "By/s", "Bytes read from the disk"),
    row("ReplicationSlotDiskUsage", Scope::Every, "aws.rds.replication_slot_disk_usage", "By", "Disk space of files of replication slots"),
    row("SwapUsage", Scope::Every, "aws.rds.swap_usage", "By", "Swap space in use"),
    row("TransactionLogsDiskUsage", Scope::Every, "aws.rds.transaction_logs_disk_usage", "By", "Disk space of the WAL"),
    row("WriteIOPS", Scope::Every, "aws.rds.write_iops", "{operation}/s", "Writes to the disk; of Aurora records that storage writes"),
    row("WriteLatency", Scope::Every, "aws.rds.write_latency", "s", "Average time of a write to the disk"),
    row("WriteThroughput", Scope::Every, "aws.rds.write_throughput", "By/s", "Bytes written to the disk"),
    row("BurstBalance", Scope::Rds, "aws.rds.burst_balance", "%", "I/O credits that are left in the burst bucket of gp2"),
    row("CheckpointLag", Scope::Rds, "aws.rds.checkpoint_lag", "s", "Time since the last checkpoint"),
    row("FreeStorageSpace", Scope::Rds, "aws.rds.free_storage_space", "By", "Storage that is free"),
    row("OldestReplicationSlotLag", Scope::Rds, "aws.rds.oldest_replication_slot_lag", "By", "WAL that the replica which lags most has not received"),
    row("TransactionLogsGeneration", Scope::Rds, "aws.rds.transaction_logs_generation", "By/s", "WAL that is written"),
    row("ReplicaLag", Scope::RdsReplica, "aws.rds.replica_lag", "s", "How far a read replica is behind its source"),
    row("FreeLocalStorage", Scope::Clustered, "aws.rds.free_local_storage", "By", "Local storage that is free"),
    row("CPUCreditBalance", Scope::Burstable, "aws.rds.cpu_credit_balance", "{credit}", "Processor credits that are left; told every five minutes"),
    row("CPUCreditUsage", Scope::Burstable, "aws.rds.cpu_credit_usage", "{credit}", "Processor credits that were spent in five minutes"),
    row("BufferCacheHitRatio", Scope::Aurora, "aws.rds.buffer_cache_hit_ratio", "%", "Requests that the buffer cache served"),
    row("CommitLatency", Scope::Aurora, "aws.rds.commit_latency", "ms", "Average time of a commit"),
    row("CommitThroughput", Scope::Aurora, "aws.rds.commit_throughput", "{commit}/s", "Commits"),
    row("Deadlocks", Scope::Aurora, "aws.rds.deadlocks", "{deadlock}/s", "Deadlocks"),
    row("StorageNetworkReceiveThroughput", Scope::Aurora, "aws.rds.storage_network_receive_throughput", "By/s", "What comes from Aurora's storage"),
    row("StorageNetworkTransmitThroughput", Scope::Aurora, "aws.rds.storage_network_transmit_throughput", "By/s", "What goes to Aurora's storage"),
    row("AuroraReplicaLagMaximum", Scope::AuroraWriter, "aws.rds.aurora_replica_lag_maximum", "ms", "How far the last of the readers is behind the writer"),
    row("AuroraReplicaLag", Scope::AuroraReader, "aws.rds.aurora_replica_lag", "ms", "How far a reader is behind the writer"),
    row("ACUUtilization", Scope::Serverless, "aws.rds.acu_utilization", "%", "Capacity in use of the most that there may be"),
    row("ServerlessDatabaseCapacity", Scope::Serverless, "aws.rds.serverless_database_capacity", "{capacity_unit}", "Capacity units at the moment"),
    row("TotalBackupStorageBilled", Scope::Volume, "aws.rds.total_backup_storage_billed", "By", "Backups of the cluster that are billed; told once a day"),
    row("VolumeBytesUsed", Scope::Volume, "aws.rds.volume_bytes_used", "By", "Storage of the cluster that is billed"),
    row("VolumeReadIOPs", Scope::Volume, "aws.rds.volume_read_iops", "{operation}", "Reads from the cluster's volume that are billed, in five minutes"),
    row("VolumeWriteIOPs", Scope::Volume, "aws.rds.volume_write_iops", "{operation}", "Writes to the cluster's volume that are billed, in five minutes"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// CloudWatch's name in our writing.
    fn snake(name: &str) -> String {
        let name = name
            .trim_end_matches('%')
            .replace("IOPs", "Iops")
            .replace("IDs", "Ids")
            .replace("EBSIO", "EbsIo");
        let letters: Vec<char> = name.chars().collect();
        let mut snake = String::new();
        for (at, letter) in letters.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| letters[before]);
            let after = letters.get(at + 1);
            let begins = letter.is_ascii_uppercase()
                && before.is_some_and(|before| {
                    before.is_ascii_lowercase() || after.is_some_and(char::is_ascii_lowercase)
                });
            if begins {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        snake
    }

    #[test]
    fn names_are_cloudwatchs_own() {
        for row in &METRICS {
            assert_eq!(row.metric.name, format!("aws.rds.{}", snake(row.name)));
        }
    }

    #[test]
    fn an_instance_is_asked_for_what_it_has() {
        let facts = |class: &str, is_aurora, cluster: Option<&str>| Facts {
            class: class.to_owned(),
            is_aurora,
            cluster: cluster.map(str::to_owned),
            ..Facts::default()
        };
        let asked = |facts: &Facts, in_recovery| {
            METRICS
                .iter()
                .filter(|row| row.scope.is_of(facts, in_recovery))
                .map(|row| row.name)
                .collect::<Vec<_>>()
        };
        let plain = facts("db.m7g.large", false, None);
        let aurora = facts("db.r7g.large", true, Some("shop"));
        for (facts, in_recovery, has, lacks, count) in [
            (plain.clone(), false, "FreeStorageSpace", "ReplicaLag", 23),
            (plain, true, "ReplicaLag", "VolumeBytesUsed", 24),
            (facts("db.t4g.medium", false, None), false, "CPUCreditBalance", "CommitLatency", 25),
            (facts("db.m7g.large", false, Some("bank")), false, "FreeLocalStorage", "VolumeBytesUsed", 24),
            (aurora.clone(), false, "VolumeBytesUsed", "FreeStorageSpace", 30),
            (aurora, true, "AuroraReplicaLag", "VolumeBytesUsed", 26),
            (facts("db.serverless", true, Some("shop")), false, "ACUUtilization", "AuroraReplicaLag", 32),
        ] {
            let asked = asked(&facts, in_recovery);
            assert!(asked.contains(&has) && !asked.contains(&lacks), "{asked:?}");
            assert_eq!(asked.len(), count, "{facts:?}");
        }
    }
}
