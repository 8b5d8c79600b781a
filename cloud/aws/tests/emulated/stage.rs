//! What the tests set up: sessions that lead to this machine, and instances, clusters, users and roles of moto's.

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use pgquerylens_aws::discover::{DiscoveredServer, Found, Search};
use pgquerylens_aws::session::{Account, Sessions, session};
use pgquerylens_sandbox::emulators::Moto;

pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const OTHER_REGION: &str = "us-east-1";
/// The account of moto's that credentials belong to unless they are known to be of another.
pub(crate) const OWN: &str = "123456789012";
pub(crate) const OTHER: &str = "210987654321";
pub(crate) const THIRD: &str = "333333333333";

/// A session with these credentials.
pub(crate) async fn session_with(id: &str, secret: &str) -> SdkConfig {
    let credentials = SharedCredentialsProvider::new(Credentials::new(id, secret, None, None, "test"));
    session(Some(REGION)).await.into_builder().credentials_provider(credentials).build()
}

/// Sessions with these credentials, at this address.
pub(crate) async fn sessions_with(url: &str, id: &str, secret: &str) -> Sessions {
    Sessions::over(session_with(id, secret).await.into_builder().endpoint_url(url).build())
}

pub(crate) async fn sessions(url: &str) -> Sessions {
    sessions_with(url, "AKIDEXAMPLE", "a-key-that-nobody-sees").await
}

/// What is looked for unless a test says otherwise.
pub(crate) fn search() -> Search {
    Search {
        regions: vec![REGION.to_owned()],
        user: "pgquerylens".to_owned(),
        database: "postgres".to_owned(),
        ..Search::default()
    }
}

/// The role of this name in an account.
pub(crate) fn role(account: &str, name: &str, external_id: Option<&str>) -> Account {
    let role_arn = format!("arn:aws:iam::{account}:role/{name}");
    Account { through: Vec::new(), role_arn, external_id: external_id.map(str::to_owned) }
}

/// Creates an instance of PostgreSQL that takes tokens. What is said goes before that.
pub(crate) async fn create_instance(moto: &Moto, place: (&str, &str), name: &str, said: &[(&str, &str)]) {
    moto.make_instance(place, name, said).await.unwrap();
}

/// Creates a cluster of Aurora that takes tokens.
pub(crate) async fn create_cluster(moto: &Moto, place: (&str, &str), name: &str, said: &[(&str, &str)]) {
    let usual = [
        ("DBClusterIdentifier", name),
        ("Engine", "aurora-postgresql"),
        ("EngineVersion", "16.4"),
        ("MasterUsername", "postgres"),
        ("MasterUserPassword", "a-password-that-nobody-sees"),
        ("EnableIAMDatabaseAuthentication", "true"),
    ];
    let is_said = |name: &str| said.iter().any(|(said, _)| *said == name);
    let parameters: Vec<_> = usual.iter().filter(|(name, _)| !is_said(name)).chain(said).copied().collect();
    moto.ask("rds", place, "CreateDBCluster", &parameters).await.unwrap();
}

/// Creates an instance of Aurora in a cluster.
pub(crate) async fn create_member(moto: &Moto, place: (&str, &str), name: &str, cluster: &str) {
    let parameters = [
        ("DBInstanceIdentifier", name),
        ("DBInstanceClass", "db.serverless"),
        ("Engine", "aurora-postgresql"),
        ("DBClusterIdentifier", cluster),
    ];
    moto.ask("rds", place, "CreateDBInstance", &parameters).await.unwrap();
}

/// Creates a role that trusts our account, under a condition if it has one, and allows these actions.
pub(crate) async fn create_role(
    moto: &Moto,
    account: &str,
    name: &str,
    external_id: Option<&str>,
    allow: &str,
) {
    let dispatcher = format!("arn:aws:iam::{OWN}:user/dispatcher");
    create_role_for(moto, account, name, &dispatcher, external_id, allow).await;
}

/// Creates a role that trusts somebody, under a condition if it has one, and allows these actions.
pub(crate) async fn create_role_for(
    moto: &Moto,
    account: &str,
    name: &str,
    trusted: &str,
    external_id: Option<&str>,
    allow: &str,
) {
    let condition = external_id.map_or_else(String::new, |id| {
        format!(r#", "Condition": {{"StringEquals": {{"sts:ExternalId": "{id}"}}}}"#)
    });
    let trust = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {{"AWS": "{trusted}"}}{condition}}}]}}"#
    );
    let place = (account, "us-east-1");
    let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", &trust)];
    moto.ask("iam", place, "CreateRole", &parameters).await.unwrap();
    let parameters = [("RoleName", name), ("PolicyName", "all"), ("PolicyDocument", &policy(allow))];
    moto.ask("iam", place, "PutRolePolicy", &parameters).await.unwrap();
}

/// Creates a user of our own account that may do this, and returns the key's id and secret.
pub(crate) async fn create_user(moto: &Moto, allow: &str) -> (String, String) {
    let place = (OWN, "us-east-1");
    moto.ask("iam", place, "CreateUser", &[("UserName", "dispatcher")]).await.unwrap();
    let parameters = [("UserName", "dispatcher"), ("PolicyName", "all"), ("PolicyDocument", &policy(allow))];
    moto.ask("iam", place, "PutUserPolicy", &parameters).await.unwrap();
    let key = moto.ask("iam", place, "CreateAccessKey", &[("UserName", "dispatcher")]).await.unwrap();
    let between = |tag: &str| {
        let behind = key.split_once(&format!("<{tag}>")).unwrap().1;
        behind.split_once('<').unwrap().0.to_owned()
    };
    (between("AccessKeyId"), between("SecretAccessKey"))
}

/// A policy that allows actions, which stand with quotes and commas.
fn policy(allow: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": [{allow}], "Resource": "*"}}]}}"#
    )
}

pub(crate) fn names(found: &Found) -> Vec<&str> {
    found.servers.iter().map(|server| server.name.as_str()).collect()
}

pub(crate) fn server<'f>(found: &'f Found, name: &str) -> &'f DiscoveredServer {
    found.servers.iter().find(|server| server.name == name).unwrap()
}

/// Why servers were left out.
pub(crate) fn left_out(found: &Found) -> Vec<String> {
    found.left_out.iter().map(|omitted| format!("{}: {}", omitted.identifier, omitted.why)).collect()
}

pub(crate) fn troubles(found: &Found) -> Vec<String> {
    found.troubles.iter().map(ToString::to_string).collect()
}
