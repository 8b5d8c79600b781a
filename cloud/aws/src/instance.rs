//! The instance of RDS or Aurora that a server is: how it is called, and what RDS tells of it once a day, which decides
//! what else there is to ask.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_rds::types::DbInstance;
use pgquerylens_model::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::endpoint;
use crate::error::unheard::{self, Trouble};
use crate::session::Account;

/// The engine of Aurora, of which the cluster tells more than an instance.
pub(crate) const AURORA: &str = "aurora-postgresql";

/// How long what RDS told is believed.
const RENEW_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The right that it takes.
const ACTION: &str = "rds:DescribeDBInstances";

/// An instance, by what it is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its identifier.
    pub identifier: String,
    /// Its region; that of the environment where nothing tells it.
    pub region: Option<String>,
    /// The account that has it, if it is not our own.
    pub account: Option<Account>,
}

/// What the name of a host tells of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host<'h> {
    /// It is the endpoint of this one.
    Instance {
        /// The identifier.
        identifier: &'h str,
        /// The region.
        region: &'h str,
    },
    /// It is an endpoint of RDS behind which are several: a cluster's, a proxy's.
    Several {
        /// The region.
        region: &'h str,
    },
    /// It is an endpoint behind which is another reader of a cluster each time.
    Readers,
    /// It is no endpoint of RDS, or has a name of one's own.
    Unknown,
}

impl Host<'_> {
    /// Reads the name of a host.
    pub fn of(host: &str) -> Host<'_> {
        match (endpoint::region(host), endpoint::instance(host)) {
            (Some(_), _) if endpoint::is_of_readers(host) => Host::Readers,
            (Some(region), Some(identifier)) => Host::Instance { identifier, region },
            (Some(region), None) => Host::Several { region },
            (None, _) => Host::Unknown,
        }
    }
}

/// What RDS tells of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// When it was told, in microseconds since 1970.
    pub(crate) told_at: i64,
    /// By which Enhanced Monitoring and Performance Insights know the instance.
    pub(crate) resource_id: String,
    /// Such as `db.r7g.large` or `db.serverless`.
    pub(crate) class: String,
    /// Whether it is Aurora's.
    pub(crate) is_aurora: bool,
    /// The cluster that it is in.
    pub(crate) cluster: Option<String>,
    /// How often Enhanced Monitoring writes; `None` is never.
    pub(crate) monitoring_interval_seconds: Option<u32>,
    /// Whether Performance Insights is on.
    pub(crate) has_insights: bool,
}

impl Facts {
    /// Returns what was kept; nothing of what cannot be read.
    pub(crate) fn kept(text: &str) -> Option<Facts> {
        serde_json::from_str(text).ok()
    }

    /// Returns what is kept of this.
    pub(crate) fn keep(&self) -> String {
        serde_json::to_string(self).expect("plain data is JSON")
    }

    /// Tells whether this is old, or of a time that has not come yet.
    pub(crate) fn is_old(&self, now: Timestamp) -> bool {
        !(0.0..RENEW_AFTER.as_secs_f64()).contains(&now.seconds_since(Timestamp(self.told_at)))
    }

    fn of(instance: &DbInstance, now: Timestamp) -> Facts {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Facts {
            told_at: now.0,
            resource_id: text(instance.dbi_resource_id()),
            class: text(instance.db_instance_class()),
            is_aurora: instance.engine() == Some(AURORA),
            cluster: instance.db_cluster_identifier().map(str::to_owned),
            monitoring_interval_seconds: monitoring_interval(instance),
            has_insights: instance.performance_insights_enabled() == Some(true),
        }
    }
}

/// Returns how often Enhanced Monitoring writes, in seconds; `None` is never.
pub(crate) fn monitoring_interval(instance: &DbInstance) -> Option<u32> {
    let seconds = instance.monitoring_interval().and_then(|seconds| u32::try_from(seconds).ok());
    seconds.filter(|seconds| *seconds > 0)
}

/// Asks RDS for an instance.
pub(crate) async fn ask(session: &SdkConfig, identifier: &str, now: Timestamp) -> Result<Facts, Trouble> {
    let client = aws_sdk_rds::Client::new(session);
    let answer = client.describe_db_instances().db_instance_identifier(identifier).send().await;
    let answer = answer.map_err(|failed| unheard::no_instance(identifier, &failed, ACTION))?;
    let found = answer.db_instances().first();
    found.map(|instance| Facts::of(instance, now)).ok_or_else(|| unheard::unknown_instance(identifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_kept_for_a_day() {
        let told_at = Timestamp(1_000_000_000);
        let instance = DbInstance::builder()
            .dbi_resource_id("db-ABC")
            .engine("aurora-postgresql")
            .db_instance_class("db.serverless")
            .db_cluster_identifier("shop")
            .monitoring_interval(0)
            .performance_insights_enabled(true)
            .build();
        let facts = Facts::of(&instance, told_at);
        assert_eq!(
            (facts.is_aurora, facts.monitoring_interval_seconds, facts.has_insights),
            (true, None, true)
        );
        assert_eq!(Facts::kept(&facts.keep()), Some(facts.clone()));
        assert_eq!(Facts::kept("{}"), None);
        let day = 86_400_000_000;
        for (after, is_old) in [(0, false), (day - 1, false), (day, true), (-1, true)] {
            assert_eq!(facts.is_old(Timestamp(told_at.0 + after)), is_old, "{after}");
        }
    }

    #[test]
    fn a_host_tells_one_instance_several_or_nothing() {
        let one = Host::Instance { identifier: "db1", region: "eu-west-1" };
        assert_eq!(Host::of("db1.abc123.eu-west-1.rds.amazonaws.com"), one);
        let several = Host::Several { region: "eu-west-1" };
        assert_eq!(Host::of("shop.cluster-abc123.eu-west-1.rds.amazonaws.com"), several);
        assert_eq!(Host::of("db1.internal"), Host::Unknown);
    }
}
