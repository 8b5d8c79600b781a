//! What AWS is asked about a server: of which instance, and by whose credentials.

use std::time::Duration;

use pgquerylens_aws::instance::Instance;
use pgquerylens_aws::outside::{Observed, Source};
use pgquerylens_aws::session::Account;

use super::{Around, loaded, mistakes};

const ENDPOINT: &str = "db1.abc123.eu-west-1.rds.amazonaws.com";
const CLUSTER: &str = "shop.cluster-abc123.eu-west-1.rds.amazonaws.com";

/// A file with a server on this host that has these keys.
fn file(host: &str, keys: &str) -> String {
    format!("servers:\n- connection: host={host} user=u\n{keys}\nexporters:\n- kind: jsonl\n")
}

fn observed(host: &str, keys: &str) -> Option<Observed> {
    loaded(&file(host, keys)).servers.remove(0).observed
}

#[test]
fn nobody_is_asked_unless_that_is_said() {
    assert_eq!(observed(ENDPOINT, ""), None);
    assert_eq!(observed(ENDPOINT, "  aws-instance: db2"), None);
}

#[test]
fn the_instance_is_the_endpoints_or_the_one_that_is_said() {
    const ASKED: &str = "  aws-metrics: [performance-insights, cloudwatch, cloudwatch]";
    for (host, keys, expected) in [
        (ENDPOINT, "", Some(("db1", Some("eu-west-1")))),
        (ENDPOINT, "  aws-instance: db2", Some(("db2", Some("eu-west-1")))),
        (CLUSTER, "  aws-instance: shop-1", Some(("shop-1", Some("eu-west-1")))),
        ("db.internal", "  aws-instance: db2", Some(("db2", None))),
        ("db.internal", "  aws-instance: db2\n  aws-region: us-east-1", Some(("db2", Some("us-east-1")))),
        ("db.internal", "", None),
    ] {
        let found = observed(host, &format!("{ASKED}\n{keys}"));
        let instance = |(identifier, region): (&str, Option<&str>)| Observed {
            instance: Instance {
                identifier: identifier.to_owned(),
                region: region.map(str::to_owned),
                account: None,
            },
            sources: vec![Source::CloudWatch, Source::PerformanceInsights],
            reads_log: false,
            cloudwatch_pause: Duration::from_secs(300),
        };
        assert_eq!(found, expected.map(instance), "{host} {keys}");
    }
}

#[test]
fn the_log_is_read_beside_metrics_or_alone() {
    for (keys, sources, reads_log) in [
        ("  aws-logs: true", vec![], true),
        ("  aws-logs: true\n  aws-metrics: [cloudwatch]", vec![Source::CloudWatch], true),
        ("  aws-logs: false\n  aws-metrics: [cloudwatch]", vec![Source::CloudWatch], false),
    ] {
        let found = observed(ENDPOINT, keys).unwrap();
        assert_eq!((found.sources, found.reads_log), (sources, reads_log), "{keys}");
    }
    assert_eq!(observed("db.internal", "  aws-logs: true"), None);
}

#[test]
fn a_role_asks_too_however_the_login_is() {
    let keys = "  aws-metrics: [cloudwatch]\n  aws-role: arn:aws:iam::1:role/r\n  aws-external-id: x";
    let account = Account::by("arn:aws:iam::1:role/r", Some("x".to_owned())).unwrap();
    assert_eq!(observed(ENDPOINT, keys).unwrap().instance.account, Some(account));
}

#[test]
fn a_reader_endpoint_is_a_mistake_whatever_is_asked() {
    let readers = "shop.cluster-ro-abc123.eu-west-1.rds.amazonaws.com";
    for keys in ["  every: 60s", "  aws-metrics: [cloudwatch]\n  aws-instance: shop-2"] {
        let told = mistakes(&file(readers, keys), Around::default());
        let expected = "shop.cluster-ro-abc123.eu-west-1.rds.amazonaws.com is the reader endpoint of a cluster: behind it is \
                        another server each time: write the endpoint of each reader's instance";
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn what_cannot_be_asked_is_told() {
    let text = file(CLUSTER, "  aws-metrics: [cloudwach, enhanced-monitoring]\n  cloudwatch-pause: 1h");
    let expected = expect_test::expect![[r#"
        x.yaml:3:16: aws-metrics: behind this endpoint may be one instance or another: connect by the endpoint of an instance, or say which one it is by aws-instance
        x.yaml:3:16: aws-metrics: did you mean cloudwatch? It is one of cloudwatch, enhanced-monitoring, performance-insights
        x.yaml:4:21: cloudwatch-pause 1h: minutes would be missing: write 54m or less"#]];
    expected.assert_eq(&mistakes(&text, Around::default()));
}
