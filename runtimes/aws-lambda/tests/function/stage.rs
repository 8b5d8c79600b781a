//! What the function is between: a server with a statement whose calls are known, a store, and a receiver.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pgquerylens_sandbox::emulators::Moto;
use pgquerylens_sandbox::lambda::{Ended, Environment, Function};
use pgquerylens_sandbox::receiver::{Message, Receiver};
use pgquerylens_sandbox::workload::planted::{Planted, Secrets};
use pgquerylens_sandbox::{Server, ServerBuilder, newest};
use pgquerylens_setup::access;
use pgquerylens_setup::config::secret_source::SecretAccess;
use pgquerylens_store::states::States;
use pgquerylens_store::url::StateUrl;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What is planted for nobody to see.
const SECRETS: Secrets = Secrets { password: "hunter2-password", literal: "hunter2-literal" };
const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";
/// How long an invocation of a test may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A server, a store and a receiver, and the function's environment among them.
pub(crate) struct Stage {
    pub(crate) planted: Planted,
    pub(crate) receiver: Receiver,
    moto: Moto,
    folder: TempDir,
    logs: usize,
}

/// A message that was received and not deleted yet.
pub(crate) struct Received {
    pub(crate) body: Value,
    entry: Value,
}

impl Stage {
    pub(crate) async fn open() -> Stage {
        Stage::open_with(Server::new(newest())).await
    }

    pub(crate) async fn open_with(builder: ServerBuilder) -> Stage {
        let moto = Moto::start().await.unwrap();
        moto.make_bucket("states").await.unwrap();
        Stage {
            planted: Planted::start(builder, SECRETS).await.unwrap(),
            receiver: Receiver::start().await.unwrap(),
            moto,
            folder: tempfile::tempdir().unwrap(),
            logs: 0,
        }
    }

    /// Returns an execution environment of the function, with some variables more or others.
    pub(crate) async fn environment(&mut self, variables: &[(&str, &str)]) -> Environment {
        self.environment_for(TIMEOUT, variables).await
    }

    /// Returns one whose invocations have this long.
    pub(crate) async fn environment_for(
        &mut self,
        timeout: Duration,
        variables: &[(&str, &str)],
    ) -> Environment {
        let usual = [
            ("AWS_ACCESS_KEY_ID", "anybody".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRETS.password.to_owned()),
            ("AWS_ENDPOINT_URL", self.moto.url()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", self.receiver.url()),
            ("PGQUERYLENS_AUTH", "password".to_owned()),
            ("PGQUERYLENS_EVERY", "1m".to_owned()),
            ("PGQUERYLENS_STATE", "s3://states/prod".to_owned()),
        ];
        let own = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let usual = usual.into_iter().map(|(name, value)| (name.to_owned(), value));
        let function = Function {
            binary: PathBuf::from(env!("CARGO_BIN_EXE_bootstrap")),
            environment: usual.chain(own).collect(),
            memory_mib: 128,
            timeout,
        };
        self.logs += 1;
        Environment::new(function, &self.folder.path().join(format!("{}.log", self.logs))).await.unwrap()
    }

    /// Makes an instance at RDS with a tag, KEY=VALUE.
    pub(crate) async fn instance(&self, name: &str, tag: &str) {
        let (key, value) = tag.split_once('=').unwrap();
        let tags = [("Tags.Tag.1.Key", key), ("Tags.Tag.1.Value", value)];
        self.moto.make_instance((ACCOUNT, REGION), name, &tags).await.unwrap();
    }

    /// Makes a queue and returns its URL.
    pub(crate) async fn queue(&self) -> String {
        let made = self.sqs("CreateQueue", &json!({"QueueName": "pgquerylens"})).await;
        made["QueueUrl"].as_str().unwrap().to_owned()
    }

    /// Receives messages of a queue, ten at most, as the service does that invokes a function with them. Whoever does not
    /// delete them within five seconds has them again.
    pub(crate) async fn receive(&self, queue_url: &str) -> Vec<Received> {
        let asked = json!({"QueueUrl": queue_url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 5});
        let received = self.sqs("ReceiveMessage", &asked).await;
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        let read = |message: Value| Received {
            body: serde_json::from_str(message["Body"].as_str().unwrap()).unwrap(),
            entry: json!({"Id": message["MessageId"], "ReceiptHandle": message["ReceiptHandle"]}),
        };
        messages.into_iter().map(read).collect()
    }

    /// Deletes messages that were done.
    pub(crate) async fn delete(&self, queue_url: &str, done: &[Received]) {
        let entries: Vec<&Value> = done.iter().map(|message| &message.entry).collect();
        self.sqs("DeleteMessageBatch", &json!({"QueueUrl": queue_url, "Entries": entries})).await;
    }

    /// Returns an event by which a queue hands messages over.
    pub(crate) fn handed_over(&self, messages: &[Received]) -> Value {
        let records = messages.iter().map(|message| self.record(message.body.clone()));
        json!({"Records": records.collect::<Vec<Value>>()})
    }

    /// Returns a message as a queue hands it to a function. The names of the endpoints lead nowhere here: what is polled
    /// stands behind them.
    fn record(&self, mut body: Value) -> Value {
        body["target"]["connection"] = self.planted.url().into();
        body["target"]["auth"] = "password".into();
        json!({"messageId": body["target"]["name"], "body": body.to_string(), "attributes": {}})
    }

    /// Returns the CPU time that a warm process has taken.
    pub(crate) fn cpu(&self, environment: &Environment) -> Duration {
        let Some(process) = environment.process_id() else { return Duration::ZERO };
        let spent = std::fs::read_to_string(format!("/proc/{process}/schedstat")).unwrap();
        Duration::from_nanos(spent.split(' ').next().unwrap().parse().unwrap())
    }

    /// Returns the most memory that a warm process has taken, in KiB.
    pub(crate) fn peak_memory_kib(&self, environment: &Environment) -> u64 {
        let status = format!("/proc/{}/status", environment.process_id().unwrap());
        let status = std::fs::read_to_string(status).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    async fn sqs(&self, action: &str, body: &Value) -> Value {
        let action = format!("AmazonSQS.{action}");
        let answer = self.moto.call("sqs", &action, REGION, &body.to_string()).await.unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    /// Returns an event in which a queue hands over that the server is to be polled, which was sent at a moment, in
    /// milliseconds since 1970.
    pub(crate) fn sent_at(&self, milliseconds: u64) -> Value {
        let mut record = self.record(json!({"target": self.target()}));
        record["attributes"]["SentTimestamp"] = milliseconds.to_string().into();
        json!({"Records": [record]})
    }

    /// Returns the secret key that the function signs with.
    pub(crate) fn secret_key(&self) -> &'static str {
        SECRETS.password
    }

    /// Returns where all states are.
    pub(crate) fn states(&self) -> States {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "anybody".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRETS.password.to_owned()),
            ("AWS_ENDPOINT_URL", self.moto.url()),
            ("AWS_REGION", REGION.to_owned()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        let secrets = SecretAccess { variables: Arc::new(variables), ..SecretAccess::default() };
        States::open(&StateUrl::parse("s3://states/prod").unwrap(), &access::of(&secrets)).unwrap()
    }

    /// Returns an event that names the server.
    pub(crate) fn event(&self) -> Value {
        json!({"targets": [self.target()]})
    }

    /// Returns the server as an entry of a configuration.
    pub(crate) fn target(&self) -> Value {
        json!({"name": "shop", "connection": self.planted.url()})
    }

    /// Returns all that the function has logged.
    pub(crate) fn log(&self) -> String {
        let read = |number| std::fs::read_to_string(self.folder.path().join(format!("{number}.log")));
        (1..=self.logs).filter_map(|number| read(number).ok()).collect()
    }

    /// Holds what arrived against what was executed, as metrics and as events.
    pub(crate) fn everything_arrived(&self) {
        let account = self.receiver.account();
        let arrived =
            [account.calls("shop", self.planted.queryid), account.calls_of_events(self.planted.queryid)];
        assert_eq!(arrived, [self.planted.begun(); 2], "{}", self.log());
    }

    /// Returns the value of an attribute of the resource, as the last message of metrics has it.
    pub(crate) fn resource(&self, key: &str) -> Option<String> {
        let requests = self.receiver.requests();
        let messages = requests.iter().rev().filter_map(|request| match &request.message {
            Message::Metrics(message) => Some(message),
            _ => None,
        });
        let resources = messages.flat_map(|message| &message.resource_metrics);
        let mut attributes =
            resources.flat_map(|metrics| &metrics.resource).flat_map(|resource| &resource.attributes);
        let found = attributes.find(|pair| pair.key == key)?;
        // As it is shown, a text stands between quotes.
        format!("{:?}", found.value).split('"').nth(1).map(str::to_owned)
    }

    /// Fails if a rule of OTLP or of the runtime API was broken, or a secret was told.
    pub(crate) fn is_sound(&self, environments: &[&Environment]) {
        assert_eq!(self.receiver.account().violations, Vec::<String>::new());
        for environment in environments {
            assert_eq!(environment.violations(), Vec::<String>::new());
        }
        let tells = |text: &str| text.contains("hunter2");
        assert!(!tells(&self.log()), "{}", self.log());
        for request in self.receiver.requests() {
            assert!(!tells(&String::from_utf8_lossy(&request.body)));
        }
    }
}

/// Returns the outcome of the only server of an invocation.
pub(crate) fn outcome(ended: &Ended) -> &str {
    let Ended::Answered(answer) = ended else { return "no answer" };
    answer.pointer("/servers/0/outcome").and_then(Value::as_str).unwrap_or_default()
}
