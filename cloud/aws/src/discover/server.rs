//! A server that was found, as plain data.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Login, Role};
use crate::session::Account;

/// A server that is to be polled.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscoveredServer {
    /// What it is called: the identifier, and its region or account behind it only where another has the same.
    pub name: String,
    /// The identifier of the instance.
    pub identifier: String,
    /// The ARN of the instance.
    pub arn: String,
    /// The account that has it, as twelve digits.
    pub account_id: String,
    /// The role by which that account is entered; `None` is our own credentials.
    pub account: Option<Account>,
    /// Its region.
    pub region: String,
    /// The host of the instance's own endpoint, never a cluster's.
    pub host: String,
    /// The port of that.
    pub port: u16,
    /// `postgres` or `aurora-postgresql`.
    pub engine: String,
    /// The engine's version, such as `16.4`.
    pub engine_version: String,
    /// What `rds-db:connect` is allowed on: of Aurora the cluster's resource id, else the instance's.
    pub resource_id: String,
    /// The cluster, or of a read replica and its source the source.
    pub cluster: Option<String>,
    /// What it does there.
    pub role: Role,
    /// The class of the instance, such as `db.r7g.large` or `db.serverless`.
    pub instance_class: String,
    /// Where it runs.
    pub availability_zone: Option<String>,
    /// Whether it takes tokens of IAM.
    pub iam_enabled: bool,
    /// Whether Performance Insights is on.
    pub performance_insights: bool,
    /// How often Enhanced Monitoring writes, in seconds; `None` is never.
    pub monitoring_interval_seconds: Option<u32>,
    /// The logs that are sent to CloudWatch, such as `postgresql`.
    pub log_exports: Vec<String>,
    /// The tags of its cluster and its own, of which its own win.
    pub tags: BTreeMap<String, String>,
    /// How to log in.
    pub login: Login,
    /// Whom to log in as.
    pub user: String,
    /// Which database to connect to.
    pub database: String,
    /// Options that tags override, by their keys in a configuration.
    pub options: Vec<(&'static str, Value)>,
}
