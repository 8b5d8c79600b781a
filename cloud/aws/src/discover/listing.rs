//! What RDS tells of a region: its instances and its clusters, whole or not at all. The API cannot be asked by tag, and of
//! Aurora only the cluster knows who writes.

use aws_config::SdkConfig;
use aws_sdk_rds::Client;
use aws_sdk_rds::config::Builder;
use aws_sdk_rds::config::retry::RetryConfig;
use aws_sdk_rds::config::timeout::TimeoutConfig;
use aws_sdk_rds::types::{DbCluster, DbInstance};
use futures_util::future::try_join;
use std::time::Duration;

use crate::error::{self, Told};

/// How many entries a page has: the most that the API gives.
const PAGE: i32 = 100;
/// How many pages are read of a region; more servers than that are not one fleet.
const MAX_PAGES: usize = 1_000;
/// How often a call is made before it is given up. The SDK waits longer each time, up to 20 seconds, and not at all for
/// what trying again does not mend.
const ATTEMPTS: u32 = 6;
const ATTEMPT_LIMIT: Duration = Duration::from_secs(10);
const CALL_LIMIT: Duration = Duration::from_secs(60);

/// The rights that it takes.
const ACTIONS: &str = "rds:DescribeDBInstances and rds:DescribeDBClusters";

/// What there is in a region of an account.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    pub(super) instances: Vec<DbInstance>,
    pub(super) clusters: Vec<DbCluster>,
}

/// Lists a region.
pub(super) async fn list(session: &SdkConfig) -> Result<Listing, Told> {
    let limits =
        TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_LIMIT).operation_timeout(CALL_LIMIT);
    let config = Builder::from(session)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(limits.build());
    let client = Client::from_conf(config.build());
    let (instances, clusters) = try_join(instances(&client), clusters(&client)).await?;
    Ok(Listing { instances, clusters })
}

async fn instances(client: &Client) -> Result<Vec<DbInstance>, Told> {
    let mut pages = client.describe_db_instances().into_paginator().page_size(PAGE).send();
    let mut listed = Vec::new();
    for _ in 0..MAX_PAGES {
        match pages.next().await {
            None => return Ok(listed),
            Some(Ok(page)) => listed.extend(page.db_instances.unwrap_or_default()),
            Some(Err(failed)) => return Err(error::refused_call(&failed, ACTIONS, "RDS")),
        }
    }
    Err(error::too_many(listed.len()))
}

async fn clusters(client: &Client) -> Result<Vec<DbCluster>, Told> {
    let mut pages = client.describe_db_clusters().into_paginator().page_size(PAGE).send();
    let mut listed = Vec::new();
    for _ in 0..MAX_PAGES {
        match pages.next().await {
            None => return Ok(listed),
            Some(Ok(page)) => listed.extend(page.db_clusters.unwrap_or_default()),
            Some(Err(failed)) => return Err(error::refused_call(&failed, ACTIONS, "RDS")),
        }
    }
    Err(error::too_many(listed.len()))
}
