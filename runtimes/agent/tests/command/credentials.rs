//! Who we are at AWS, from every source that the SDK's chain knows and a machine without a cloud can show: each opens the
//! states in S3 to the command, and the one that is missing says how to mend it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use pgquerylens_sandbox::credentials_double::CredentialsDouble;
use pgquerylens_sandbox::emulators::Moto;
use tempfile::TempDir;

use crate::program::{Ended, Running, document, pgquerylens};
use crate::stage::{monitored, url};

const STATE: &str = "s3://states/prod";
const KEY: &str = "a-key-that-nobody-sees";
const HOUR: Duration = Duration::from_secs(3600);

/// A home with files of its own, and what else a process finds.
struct Process {
    home: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Process {
    /// Knows where moto is, and nothing of who it is.
    fn at(moto: &Moto) -> Process {
        let variables = vec![
            ("AWS_ENDPOINT_URL", moto.url()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_REGION", "eu-west-1".to_owned()),
        ];
        Process { home: tempfile::tempdir().unwrap(), variables }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Process {
        self.variables.push((name, value.into()));
        self
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    /// Writes a file below the home, such as `.aws/config`.
    fn file(self, name: &str, text: &str) -> Process {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = pgquerylens(arguments);
        command.env("HOME", self.home.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let ended = Running::start(command).ended();
        assert!(!ended.stdout.contains(KEY) && !ended.stderr.contains(KEY), "{ended:?}");
        ended
    }

    /// Writes a state in one process and reads it in another.
    async fn keeps_its_state(&self) {
        let server = monitored().await;
        for quality in ["gap", "exact"] {
            let ended = self.run(&["poll", &url(&server), "--state", STATE, "--format", "json"]);
            assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
            assert_eq!(document(ended.stdout.trim())["window"]["quality"], quality);
        }
    }
}

async fn moto() -> Moto {
    let moto = Moto::start().await.unwrap();
    moto.make_bucket("states").await.unwrap();
    moto
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_ecs_keeps_its_state_by_its_role() {
    let (moto, endpoint) = (moto().await, CredentialsDouble::start(HOUR, None).await.unwrap());
    Process::at(&moto).with("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.url()).keeps_its_state().await;
    assert_eq!(endpoint.given(), 2, "once for each process");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_of_eks_shows_the_token_of_its_identity() {
    let (moto, endpoint) = (moto().await, CredentialsDouble::start(HOUR, Some("a-token")).await.unwrap());
    let process = Process::at(&moto).file("token", "a-token");
    let file = process.path("token");
    process
        .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.url())
        .with("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file)
        .keeps_its_state()
        .await;
    assert_eq!(endpoint.given(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_identity_becomes_its_role() {
    let moto = moto().await;
    let process = Process::at(&moto).file("token", "a-token-that-moto-believes");
    let file = process.path("token");
    process
        .with("AWS_WEB_IDENTITY_TOKEN_FILE", file)
        .with("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/poller")
        .keeps_its_state()
        .await;
    let assumed = moto.requests().iter().filter(|request| request.starts_with("POST / 200")).count();
    assert_eq!(assumed, 2, "{:?}", moto.requests());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_has_its_keys_and_its_region() {
    let moto = moto().await;
    let mut process = Process::at(&moto)
        .file(
            ".aws/credentials",
            &format!("[stat]\naws_access_key_id = AKIA1\naws_secret_access_key = {KEY}\n"),
        )
        .file(".aws/config", "[profile stat]\nregion = eu-west-1\n")
        .with("AWS_PROFILE", "stat");
    process.variables.retain(|(name, _)| *name != "AWS_REGION");
    process.keeps_its_state().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_may_run_a_program() {
    let moto = moto().await;
    let given = format!(r#"{{"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": "{KEY}"}}"#);
    let process = Process::at(&moto).file("given.json", &given).with("AWS_PROFILE", "stat");
    let config = format!("[profile stat]\ncredential_process = cat {}\n", process.path("given.json"));
    process.file(".aws/config", &config).keeps_its_state().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_logged_in_is_told_how() {
    let moto = moto().await;
    let config = "[profile work]\nsso_session = acme\nsso_account_id = 123456789012\nsso_role_name = poller\n\
                  [sso-session acme]\nsso_region = eu-west-1\nsso_start_url = https://acme.awsapps.com/start\n";
    let never = Process::at(&moto).file(".aws/config", config).with("AWS_PROFILE", "work");
    // Tokens lie under the SHA-1 of the session's name.
    let expired = Process::at(&moto).file(".aws/config", config).with("AWS_PROFILE", "work").file(
        ".aws/sso/cache/293abb6b76d7791c0732cc517d38c4b5c734b87f.json",
        r#"{"accessToken": "a-key-that-nobody-sees", "expiresAt": "2020-01-01T00:00:00Z"}"#,
    );
    for process in [never, expired] {
        let ended = process.run(&["state", "show", STATE]);
        assert_eq!(ended.code, Some(77), "{ended:?}");
        assert!(ended.stderr.contains("there are no credentials: "), "{ended:?}");
        assert!(ended.stderr.contains("aws sso login --profile work"), "{ended:?}");
        assert!(!ended.stderr.contains("cargo"), "{ended:?}");
        let found = process.run(&["discover", "--discover-region", "eu-west-1"]);
        assert!(found.stderr.contains("\n→ log in: aws sso login --profile work"), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_are_fetched_once_and_again_before_they_end() {
    let (moto, server) = (moto().await, monitored().await);
    // Five minutes before their end they are taken for over.
    let endpoint = CredentialsDouble::start(Duration::from_secs(303), None).await.unwrap();
    let process = Process::at(&moto).with("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.url());
    let polls =
        ["poll", &url(&server), "--state", STATE, "--every", "1s", "--polls", "6", "--format", "json"];
    let ended = process.run(&polls);
    assert_eq!(ended.documents().len(), 6, "{ended:?}");
    let asked = moto.requests().iter().filter(|request| request.contains("/states/prod/")).count();
    assert!((2..=4).contains(&endpoint.given()) && asked >= 6, "{} of {asked}", endpoint.given());
}
