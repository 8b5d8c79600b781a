//! Discovery at moto: tags, pages, clusters, accounts, regions, rights.

use pgquerylens_aws::discover::{LeftOut, Role, Search, TagRule, discover, target};
use pgquerylens_sandbox::emulators::Moto;
use serde_json::json;

use crate::stage::{
    OTHER, OTHER_REGION, OWN, REGION, THIRD, create_cluster, create_instance, create_member, create_role,
    create_user, left_out, names, role, search, server, sessions, sessions_with, troubles,
};

const HERE: (&str, &str) = (OWN, REGION);

#[tokio::test]
async fn tags_choose_and_override_and_rules_exclude() {
    let moto = Moto::start().await.unwrap();
    let prod = [("Tags.Tag.1.Key", "env"), ("Tags.Tag.1.Value", "prod")];
    let with = |key: &'static str, value: &'static str| {
        [&prod[..], &[("Tags.Tag.2.Key", key), ("Tags.Tag.2.Value", value)]].concat()
    };
    create_instance(&moto, HERE, "shop", &with("pgquerylens:interval", "15s")).await;
    create_instance(&moto, HERE, "shop-old", &prod).await;
    create_instance(&moto, HERE, "shop-off", &with("pgquerylens:enabled", "false")).await;
    create_instance(&moto, HERE, "shop-typo", &with("pgquerylens:intervall", "15s")).await;
    create_instance(&moto, HERE, "shop-test", &[("Tags.Tag.1.Key", "env"), ("Tags.Tag.1.Value", "test")])
        .await;
    create_instance(&moto, HERE, "bank", &prod).await;
    let without_iam = [&prod[..], &[("EnableIAMDatabaseAuthentication", "false")]].concat();
    create_instance(&moto, HERE, "shop-pw", &without_iam).await;
    create_instance(&moto, HERE, "shop-stop", &prod).await;
    moto.ask("rds", HERE, "StopDBInstance", &[("DBInstanceIdentifier", "shop-stop")]).await.unwrap();
    create_instance(&moto, HERE, "shop-mysql", &[("Engine", "mysql"), ("EngineVersion", "8.0.36")]).await;
    let replica = [("DBInstanceIdentifier", "shop-ro"), ("SourceDBInstanceIdentifier", "shop")];
    moto.ask("rds", HERE, "CreateDBInstanceReadReplica", &replica).await.unwrap();

    let search = Search {
        tags: vec![TagRule { key: "env".to_owned(), value: Some("prod".parse().unwrap()) }],
        include: vec!["shop*".parse().unwrap()],
        exclude: vec!["*-old".parse().unwrap()],
        ..search()
    };
    let found = discover(&search, &sessions(&moto.url()).await).await;
    assert_eq!(troubles(&found), [""; 0]);
    assert_eq!(names(&found), ["shop", "shop-typo", "shop-ro"]);
    assert_eq!(
        left_out(&found),
        [
            "shop-old: its name is excluded by *-old: take that out if it is to be polled",
            "shop-off: its tag pgquerylens:enabled is false: remove the tag if it is to be polled",
            "shop-test: it has no tag env=prod: tag it if it is to be polled",
            "bank: its name fits no include pattern: add one if it is to be polled",
            "shop-pw: IAM database authentication is off: aws rds modify-db-instance --db-instance-identifier shop-pw \
             --enable-iam-database-authentication --apply-immediately",
            "shop-stop: it is stopped: start it if it is to be polled",
        ]
    );
    assert_eq!(found.other_engines.into_iter().collect::<Vec<_>>(), [("mysql".to_owned(), 1)]);
    assert_eq!(found.remarks.len(), 1);
    assert_eq!(found.remarks[0].about, "the tag pgquerylens:intervall");
    let shop = found.servers.iter().find(|server| server.name == "shop").unwrap();
    assert_eq!(target(shop)["every"], json!("15s"));
    assert_eq!((shop.role, shop.cluster.as_deref()), (Role::Writer, Some("shop")));
}

#[tokio::test]
async fn a_fleet_is_read_page_by_page() {
    let moto = Moto::start().await.unwrap();
    for number in 0..125 {
        create_instance(&moto, HERE, &format!("db-{number:03}"), &[]).await;
    }
    let found = discover(&search(), &sessions(&moto.url()).await).await;
    assert_eq!((found.servers.len(), troubles(&found).len()), (125, 0));
}

#[tokio::test]
async fn clusters_become_their_instances() {
    let moto = Moto::start().await.unwrap();
    let scaling = [
        ("ServerlessV2ScalingConfiguration.MinCapacity", "0"),
        ("ServerlessV2ScalingConfiguration.MaxCapacity", "8"),
        ("Tags.Tag.1.Key", "pgquerylens:database"),
        ("Tags.Tag.1.Value", "orders"),
    ];
    create_cluster(&moto, HERE, "shop", &scaling).await;
    create_member(&moto, HERE, "shop-1", "shop").await;
    create_member(&moto, HERE, "shop-2", "shop").await;
    create_cluster(&moto, HERE, "old", &[("EngineMode", "serverless")]).await;
    create_cluster(&moto, HERE, "plain", &[("EnableIAMDatabaseAuthentication", "false")]).await;
    create_member(&moto, HERE, "plain-1", "plain").await;

    let found = discover(&search(), &sessions(&moto.url()).await).await;
    assert_eq!(names(&found), ["shop-1", "shop-2"]);
    let (writer, reader) = (server(&found, "shop-1"), server(&found, "shop-2"));
    assert_eq!((writer.role, reader.role), (Role::Writer, Role::Reader));
    assert_eq!(writer.cluster.as_deref(), Some("shop"));
    assert!(writer.resource_id.starts_with("cluster-") && writer.resource_id == reader.resource_id);
    assert!(writer.host.starts_with("shop-1.") && !writer.host.contains(".cluster-"), "{}", writer.host);
    assert_eq!(writer.database, "orders", "the cluster's tag holds for its instances");
    assert_eq!(found.remarks.len(), 2, "both would pause");
    let reasons: Vec<_> =
        found.left_out.iter().map(|omitted| (omitted.identifier.as_str(), &omitted.why)).collect();
    let off = LeftOut::IamOff { in_cluster: true, identifier: "plain".to_owned() };
    assert_eq!(reasons, [("plain-1", &off), ("old", &LeftOut::ServerlessV1)]);
}

#[tokio::test]
async fn accounts_and_regions_are_all_looked_into() {
    let moto = Moto::start().await.unwrap();
    create_instance(&moto, HERE, "shop", &[]).await;
    create_instance(&moto, (OWN, OTHER_REGION), "shop", &[]).await;
    create_instance(&moto, (OTHER, REGION), "bank", &[]).await;
    create_instance(&moto, (THIRD, OTHER_REGION), "farm", &[]).await;
    let search = Search {
        accounts: vec![None, Some(role(OTHER, "reader", Some("x-1"))), Some(role(THIRD, "reader", None))],
        regions: vec![REGION.to_owned(), OTHER_REGION.to_owned(), "Europe".to_owned()],
        ..search()
    };
    let found = discover(&search, &sessions(&moto.url()).await).await;
    assert_eq!(names(&found), ["shop.eu-west-1", "shop.us-east-1", "bank", "farm"]);
    assert_eq!(found.troubles.len(), 3, "one for each account that has no such region");
    assert_eq!(
        troubles(&found)[0],
        "by our own credentials, in Europe: \"Europe\" is no region: write it as AWS does: eu-west-1"
    );
    let bank = server(&found, "bank");
    assert_eq!((bank.account_id.as_str(), bank.region.as_str()), (OTHER, REGION));
    let entry = target(bank);
    assert_eq!(entry["aws-role"], json!("arn:aws:iam::210987654321:role/reader"));
    assert_eq!(entry["aws-external-id"], json!("x-1"));
    assert_eq!(entry["labels"]["cloud.account.id"], json!(OTHER));
}

/// moto holds users and roles to their policies, and roles to whom they trust in their own account. Its denials have no
/// code that could be read; those with one are the double's. A
/// missing external id it lets pass, a wrong one not.
#[tokio::test]
async fn an_account_that_denies_costs_itself_alone() {
    let moto = Moto::start().await.unwrap();
    create_instance(&moto, HERE, "shop", &[]).await;
    create_instance(&moto, (OTHER, REGION), "bank", &[]).await;
    create_instance(&moto, (THIRD, REGION), "farm", &[]).await;
    create_role(&moto, OTHER, "reader", None, r#""rds:DescribeDBInstances", "rds:DescribeDBClusters""#).await;
    create_role(&moto, THIRD, "reader", None, r#""rds:DescribeDBClusters""#).await;
    create_role(
        &moto,
        OWN,
        "strict",
        Some("right"),
        r#""rds:DescribeDBInstances", "rds:DescribeDBClusters""#,
    )
    .await;
    let (id, secret) = create_user(&moto, r#""rds:Describe*", "sts:AssumeRole""#).await;
    moto.enforce_rights().await.unwrap();

    let accounts = [
        None,
        Some(role(OTHER, "reader", None)),
        Some(role(THIRD, "reader", None)),
        Some(role(OWN, "strict", Some("wrong"))),
        Some(role(OWN, "strict", Some("right"))),
    ];
    let search = Search { accounts: accounts.to_vec(), ..search() };
    let found = discover(&search, &sessions_with(&moto.url(), &id, &secret).await).await;
    assert_eq!(names(&found), ["shop", "bank"]);
    assert_eq!(
        troubles(&found),
        [
            "by arn:aws:iam::123456789012:role/strict: the role arn:aws:iam::123456789012:role/strict cannot be assumed: \
             status 403: allow sts:AssumeRole on it to us, and name us in its trust policy, under this external id",
            "by arn:aws:iam::333333333333:role/reader, in eu-west-1: status 403: allow rds:DescribeDBInstances and \
             rds:DescribeDBClusters to the credentials that are used there",
        ]
    );
    let wrong = sessions_with(&moto.url(), &id, "another-secret").await;
    let found = discover(&search, &wrong).await;
    assert_eq!((found.servers.len(), found.troubles.len()), (0, 5));
    assert!(!troubles(&found).concat().contains(&secret));
}
