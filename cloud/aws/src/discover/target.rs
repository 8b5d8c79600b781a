//! A found server as an entry of `servers` in a configuration, so that whoever polls it needs to know nothing else.

use percent_encoding::utf8_percent_encode;
use serde_json::{Map, Value, json};

use super::{DiscoveredServer, Login};
use crate::auth::UNRESERVED;
use crate::instance::AURORA;

/// Returns the keys and values of a server's entry, in the order in which they are documented. Labels follow the resource
/// attributes of OpenTelemetry; of `cloud.platform` it has no value for RDS, so that it is one of ours.
pub fn target(server: &DiscoveredServer) -> Map<String, Value> {
    let mut entry = Map::new();
    let mut say = |key: &str, value: Value| {
        entry.insert(key.to_owned(), value);
    };
    say("name", server.name.as_str().into());
    say("connection", connection(server).into());
    if server.login == Login::RdsIam {
        say("auth", "rds-iam".into());
    }
    say("aws-region", server.region.as_str().into());
    say("aws-instance", server.identifier.as_str().into());
    if let Some(account) = &server.account {
        say("aws-role", account.roles().into());
        if let Some(external_id) = &account.external_id {
            say("aws-external-id", external_id.as_str().into());
        }
    }
    if let Some(cluster) = &server.cluster {
        say("cluster", cluster.as_str().into());
    }
    say("labels", labels(server));
    for (key, value) in &server.options {
        say(key, value.clone());
    }
    entry
}

fn connection(server: &DiscoveredServer) -> String {
    let escaped = |text| utf8_percent_encode(text, UNRESERVED);
    let DiscoveredServer { user, host, port, database, .. } = server;
    format!("postgresql://{}@{host}:{port}/{}", escaped(user), escaped(database))
}

fn labels(server: &DiscoveredServer) -> Value {
    let platform = if server.engine == AURORA { "aws_aurora" } else { "aws_rds" };
    let mut labels = json!({
        "cloud.provider": "aws",
        "cloud.platform": platform,
        "cloud.account.id": server.account_id,
        "cloud.region": server.region,
        "cloud.resource_id": server.arn,
    });
    if let Some(zone) = &server.availability_zone {
        labels["cloud.availability_zone"] = zone.as_str().into();
    }
    labels
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use std::collections::BTreeMap;

    use super::super::Role;
    use super::*;
    use crate::session::Account;

    fn server() -> DiscoveredServer {
        DiscoveredServer {
            name: "shop-1".to_owned(),
            identifier: "shop-1".to_owned(),
            arn: "arn:aws:rds:eu-west-1:123456789012:db:shop-1".to_owned(),
            account_id: "123456789012".to_owned(),
            account: None,
            region: "eu-west-1".to_owned(),
            host: "shop-1.abc123.eu-west-1.rds.amazonaws.com".to_owned(),
            port: 5433,
            engine: "postgres".to_owned(),
            engine_version: "16.4".to_owned(),
            resource_id: "db-ABC".to_owned(),
            cluster: None,
            role: Role::Writer,
            instance_class: "db.t4g.medium".to_owned(),
            availability_zone: None,
            iam_enabled: true,
            performance_insights: false,
            monitoring_interval_seconds: None,
            log_exports: Vec::new(),
            tags: BTreeMap::new(),
            login: Login::RdsIam,
            user: "pgquerylens".to_owned(),
            database: "postgres".to_owned(),
            options: Vec::new(),
        }
    }

    fn check(server: &DiscoveredServer, expected: &Expect) {
        expected.assert_eq(&serde_json::to_string_pretty(&target(server)).unwrap());
    }

    #[test]
    fn an_instance_of_our_own_account_needs_little() {
        check(
            &server(),
            &expect![[r#"
            {
              "name": "shop-1",
              "connection": "postgresql://pgquerylens@shop-1.abc123.eu-west-1.rds.amazonaws.com:5433/postgres",
              "auth": "rds-iam",
              "aws-region": "eu-west-1",
              "aws-instance": "shop-1",
              "labels": {
                "cloud.provider": "aws",
                "cloud.platform": "aws_rds",
                "cloud.account.id": "123456789012",
                "cloud.region": "eu-west-1",
                "cloud.resource_id": "arn:aws:rds:eu-west-1:123456789012:db:shop-1"
              }
            }"#]],
        );
    }

    #[test]
    fn a_server_of_another_account_says_whose_and_options_come_last() {
        let role_arn = "arn:aws:iam::210987654321:role/pgquerylens".to_owned();
        let of_another = DiscoveredServer {
            account: Account::by(&role_arn, Some("shop-7".to_owned())),
            engine: AURORA.to_owned(),
            cluster: Some("shop".to_owned()),
            availability_zone: Some("eu-west-1b".to_owned()),
            user: "mon itor".to_owned(),
            database: "a/b$".to_owned(),
            options: vec![
                ("cluster", json!("store")),
                ("every", json!("15s")),
                ("all-databases", json!(true)),
            ],
            ..server()
        };
        check(
            &of_another,
            &expect![[r#"
            {
              "name": "shop-1",
              "connection": "postgresql://mon%20itor@shop-1.abc123.eu-west-1.rds.amazonaws.com:5433/a%2Fb%24",
              "auth": "rds-iam",
              "aws-region": "eu-west-1",
              "aws-instance": "shop-1",
              "aws-role": "arn:aws:iam::210987654321:role/pgquerylens",
              "aws-external-id": "shop-7",
              "cluster": "store",
              "labels": {
                "cloud.provider": "aws",
                "cloud.platform": "aws_aurora",
                "cloud.account.id": "123456789012",
                "cloud.region": "eu-west-1",
                "cloud.resource_id": "arn:aws:rds:eu-west-1:123456789012:db:shop-1",
                "cloud.availability_zone": "eu-west-1b"
              },
              "every": "15s",
              "all-databases": true
            }"#]],
        );
    }

    #[test]
    fn a_login_by_password_is_said_elsewhere() {
        let entry = target(&DiscoveredServer { login: Login::Password, ..server() });
        assert!(!entry.contains_key("auth") && !entry.contains_key("password"));
    }
}
