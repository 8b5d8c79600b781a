//! Passwords that lie at AWS: read at each login, and rotated under the agent, before the server and after it.

use std::process::Command;

use pgquerylens_sandbox::emulators::Moto;
use pgquerylens_sandbox::receiver::Receiver;
use pgquerylens_sandbox::{SUPERUSER, roles};
use serde_json::json;

use crate::process::{Agent, PASSWORD};
use crate::stage::{DATABASE, Planted, everything_arrived, file_with, is_sound, planted, polls, until, up};

const REGION: &str = "eu-west-1";
const NEXT: &str = "another-password-that-nobody-sees";

/// An agent that may read secrets at an emulator, about to poll a server with such a password.
fn agent(planted: &Planted, receiver: &Receiver, moto: &Moto, password: &str) -> Agent {
    let without = planted.url().replacen(&format!(":{PASSWORD}@"), "@", 1);
    let own = format!("password: {{{password}}}");
    let servers = [("a", without.as_str(), own.as_str())];
    let mut agent =
        Agent::new(&file_with("state: file:STATE", "every: 1s", &servers, &[("receiver", receiver)]));
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgquerylens"));
    command.arg("agent").arg("--config").arg(agent.file()).env_clear();
    command.env("AWS_ENDPOINT_URL", moto.url()).env("AWS_REGION", REGION);
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "a-key-that-nobody-sees");
    agent.start_as(command);
    agent
}

/// Ends our sessions, so that the next poll has to log in.
async fn log_in_again(planted: &Planted, agent: &mut Agent, receiver: &Receiver) {
    let admin = planted.server.client(SUPERUSER, DATABASE).await.unwrap();
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1";
    admin.query(end, &[&roles::MONITOR]).await.unwrap();
    let before = polls(receiver, "a");
    until(agent, "polls go on after a login", |_| polls(receiver, "a") > before + 1).await;
}

async fn change_password(planted: &Planted, password: &str) {
    planted.server.execute(&format!("alter role {} password '{password}'", roles::MONITOR)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_rotated_under_the_agent() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let moto = Moto::start().await.unwrap();
    let secret = |password: &str| json!({"username": roles::MONITOR, "password": password}).to_string();
    let create =
        json!({"Name": "shop", "SecretString": secret(PASSWORD), "ClientRequestToken": "0".repeat(32)});
    moto.call("secretsmanager", "secretsmanager.CreateSecret", REGION, &create.to_string()).await.unwrap();
    let mut agent = agent(&planted, &receiver, &moto, "aws-secret: shop");
    until(&mut agent, "it polls", |_| polls(&receiver, "a") > 0).await;
    // The server takes the next password before it is current, as in every rotation.
    let next = json!({
        "SecretId": "shop", "SecretString": secret(NEXT), "VersionStages": ["AWSPENDING"],
        "ClientRequestToken": "1".repeat(32),
    });
    moto.call("secretsmanager", "secretsmanager.PutSecretValue", REGION, &next.to_string()).await.unwrap();
    change_password(&planted, NEXT).await;
    log_in_again(&planted, &mut agent, &receiver).await;
    planted.execute(5).await.unwrap();
    everything_arrived(&mut agent, &planted, &receiver).await;
    assert_eq!(up(&receiver.account(), "a"), Some(1));
    assert_eq!(agent.said(&["poll failed"]), 0, "{}", agent.log());
    assert!(!agent.log().contains(NEXT) && !agent.log().contains("a-key-that-nobody-sees"));
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parameter_is_read_at_each_login_and_one_that_is_not_there_is_named() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let moto = Moto::start().await.unwrap();
    let mut agent = agent(&planted, &receiver, &moto, "aws-parameter: /shop/monitor");
    until(&mut agent, "it says what is missing", |agent| {
        agent.said(&["the parameter /shop/monitor cannot be read: ParameterNotFound", "check its name"]) > 0
    })
    .await;
    let put = |value: &str| {
        json!({"Name": "/shop/monitor", "Value": value, "Type": "SecureString", "Overwrite": true})
            .to_string()
    };
    moto.call("ssm", "AmazonSSM.PutParameter", REGION, &put(PASSWORD)).await.unwrap();
    until(&mut agent, "it polls", |_| polls(&receiver, "a") > 0).await;
    moto.call("ssm", "AmazonSSM.PutParameter", REGION, &put(NEXT)).await.unwrap();
    change_password(&planted, NEXT).await;
    log_in_again(&planted, &mut agent, &receiver).await;
    assert!(!agent.log().contains(NEXT));
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}
