//! State that is kept elsewhere: polls by it, an operator's wishes, what is shown of it, and how it is forgotten.

use pgquerylens_sandbox::emulators::{Azurite, Moto, Redis};
use pgquerylens_sandbox::gcs_double::GcsDouble;
use pgquerylens_sandbox::{PASSWORD, Server};
use serde_json::Value;

use crate::program::{Ended, Running, document, pgquerylens};
use crate::stage::{monitored, url};

/// The key that nobody may see.
const KEY: &str = "a-key-that-nobody-sees";

/// The states of all servers, and what opens them.
struct Place<'p> {
    url: String,
    variables: Vec<(&'p str, String)>,
}

impl Place<'_> {
    fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = pgquerylens(arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let ended = Running::start(command).ended();
        for secret in [KEY, PASSWORD, Azurite::KEY] {
            assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{ended:?}");
        }
        ended
    }

    fn done(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        ended.stdout
    }

    /// Polls with the state of the server `shop`, and returns the quality of the window.
    fn poll(&self, server: &Server) -> Value {
        let state = format!("{}/shop", self.url);
        let said = self.done(&["poll", &url(server), "--state", &state, "--format", "json"]);
        document(said.trim())["window"]["quality"].clone()
    }

    fn shown(&self) -> Value {
        document(self.done(&["state", "show", &self.url, "--format", "json"]).trim())
    }
}

/// Polls, shows, stops, resumes and forgets.
async fn check(place: &Place<'_>) {
    let server = monitored().await;
    assert_eq!(place.poll(&server), "gap", "a first reading has no window");
    assert_eq!(place.poll(&server), "exact");

    let stop = ["stop", "--state", &place.url, "--server", "shop", "--reason", "an upgrade"];
    assert!(place.done(&stop).starts_with("server shop: stopped, an upgrade\n"));
    let refused = place.run(&["poll", &url(&server), "--state", &format!("{}/shop", place.url)]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(75), ""), "{refused:?}");
    assert!(refused.stderr.contains("an operator stopped polls: an upgrade"), "{refused:?}");
    place.done(&["stop", "--state", &place.url, "--view", "pg_locks"]);
    let shown = place.shown();
    assert_eq!(shown["control"]["views_off"][0], "pg_locks");
    let [shop] = shown["servers"].as_array().unwrap().as_slice() else { panic!("{shown}") };
    assert_eq!((&shop["server"], &shop["polls"]), (&"shop".into(), &2.into()));
    assert_eq!(shop["control"]["stopped"]["reason"], "an upgrade");
    assert!(shop["last_read"].is_string() && shop["baseline_bytes"].as_u64() > Some(500), "{shop}");
    let table = place.done(&["state", "show", &place.url, "--server", "shop"]);
    assert!(table.contains("\n  stopped, an upgrade\n"), "{table}");
    assert!(place.done(&["resume", "--state", &place.url]).contains("taken back: stopped, an upgrade"));

    let ended = place.run(&["state", "show", &place.url, "--server", "shpo"]);
    assert!(ended.stderr.contains("find a state of the server shpo in "), "{ended:?}");
    // Nobody can be asked here, and nothing is removed unasked.
    let forget = ["state", "forget", &place.url, "--server", "shop"];
    assert_eq!(place.run(&forget).code, Some(64));
    assert_eq!(place.poll(&server), "exact");
    let forgotten = place.done(&[&forget[..], &["--yes"]].concat());
    assert!(forgotten.contains("\n  shop/baseline\n") && forgotten.contains("removed "), "{forgotten}");
    assert_eq!(place.shown()["servers"], Value::Array(Vec::new()));
    assert_eq!(place.poll(&server), "gap", "it begins anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_s3() {
    let moto = Moto::start().await.unwrap();
    moto.make_bucket("states").await.unwrap();
    let variables = vec![
        ("AWS_ACCESS_KEY_ID", "anybody".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
        ("AWS_ENDPOINT_URL", moto.url()),
    ];
    check(&Place { url: "s3://states/prod".to_owned(), variables }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_azure() {
    let azurite = Azurite::start().await.unwrap();
    azurite.make_container("states").unwrap();
    let variables = vec![
        ("AZURE_STORAGE_ACCOUNT", Azurite::ACCOUNT.to_owned()),
        ("AZURE_STORAGE_KEY", Azurite::KEY.to_owned()),
        ("AZURE_STORAGE_ENDPOINT", azurite.url()),
    ];
    check(&Place { url: "az://states/prod".to_owned(), variables }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_google_cloud_storage() {
    let (double, folder) = (GcsDouble::start("states").await.unwrap(), tempfile::tempdir().unwrap());
    let file = folder.path().join("credentials.json");
    std::fs::write(&file, double.credentials()).unwrap();
    let variables = vec![("GOOGLE_APPLICATION_CREDENTIALS", file.display().to_string())];
    check(&Place { url: "gs://states/prod".to_owned(), variables }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_redis() {
    let redis = Redis::start().await.unwrap();
    check(&Place { url: redis.url("prod"), variables: Vec::new() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    check(&Place { url: format!("file:{}", folder.path().display()), variables: Vec::new() }).await;
}
