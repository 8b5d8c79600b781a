//! `demo --aws`: the function of AWS Lambda on one machine. An emulator of AWS has the instances, the queue and the bucket; a
//! front before each server checks logins as RDS does; the function's binary runs behind a double of Lambda. Servers are found
//! by their tags, polled by token, and what they executed is held against what the receiver has.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pgquerylens_sandbox::emulators::Moto;
use pgquerylens_sandbox::front::{AccessKey, Check, Front, RdsIam, WallClock, trust};
use pgquerylens_sandbox::lambda::{Ended, Environment, Function};
use pgquerylens_sandbox::receiver::{Behaviour, Receiver};
use pgquerylens_sandbox::tls::Certificates;
use pgquerylens_sandbox::{Installation, Server, newest, roles};
use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use super::stage::{Actor, CAST, Trouble, progress, settled};
use crate::output;
use crate::stop::Stop;

/// What lies between two ticks: a server is not polled again sooner than its interval wants.
const TICK: Duration = Duration::from_secs(1);
/// The file of the function's log.
const LOG: &str = "function.log";
const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";
/// What the role of a function has for credentials; the emulator takes any, the fronts these.
const KEY: &str = "ASIADEMODEMODEMODEMO";
const SECRET: &str = "a-secret-key-of-the-demo";
const TAG: (&str, &str) = ("monitoring", "pgquerylens");
/// Executions of one burst.
const BURST: u64 = 200;
/// How long one invocation may take.
const TIMEOUT: Duration = Duration::from_secs(30);

const CLOSING: &str = "
No server of these was asked for a password, nothing was installed on any, and between two polls nothing ran.
AWS was moto, an emulator; Lambda and the logins of RDS were doubles of ours; servers, function, tokens, TLS and OTLP were real.
To have it for your own instances: docs/aws-lambda.md, from nothing to the first data point.
";

/// Plays it, until it is over or a signal comes.
pub(super) async fn run(function: PathBuf, stop: &mut Stop) -> Result<Exit, Failure> {
    if !function.is_file() {
        let problem = format!("find the function {}", function.display());
        let advice =
            "in a clone of the repository `make demo-aws` builds it; or name its binary: --function FILE";
        return Err(Failure::new(Exit::NoInput, problem, advice));
    }
    tokio::select! {
        played = play(&function) => Ok(played?),
        () = stop.requested() => Ok(Exit::Done),
    }
}

async fn play(function: &Path) -> Result<Exit, Trouble> {
    let mut stage = Stage::open(function).await?;
    say(
        "the first tick: the dispatcher looks for the tag monitoring=pgquerylens and sends a message for each server",
    );
    let messages = stage.dispatch().await?;
    say("a worker takes them, logs in with tokens of IAM, and reads for the first time");
    stage.work(&messages).await?;

    say("each server executes 200 statements; the next tick");
    stage.burst().await?;
    stage.tick().await?;

    say("200 more; the worker is killed while it delivers, and the tick after that goes on from the bucket");
    stage.burst().await?;
    stage.killed_while_it_delivers().await?;
    stage.tick().await?;

    say("200 more; the queue delivers every message twice");
    stage.burst().await?;
    let messages = stage.dispatch().await?;
    stage.work(&messages).await?;
    stage.work(&messages).await?;

    say("200 more; Lambda throws the warm environment away, and a cold one polls");
    stage.burst().await?;
    stage.worker.kill().await?;
    stage.tick().await?;

    if let Err(trouble) = settled(&stage.actors, &stage.receiver) {
        output::say(&stage.complaints());
        return Err(trouble);
    }
    output::write(&stage.account())?;
    output::write(CLOSING)?;
    Ok(Exit::Done)
}

fn say(act: &str) {
    output::say(&format!("* {act}"));
}

/// Everything that stands for AWS, and the function in it.
struct Stage {
    actors: Vec<Actor>,
    fronts: Vec<Front>,
    receiver: Receiver,
    moto: Moto,
    queue_url: String,
    certificates: Certificates,
    dispatcher: Environment,
    worker: Environment,
    began: Instant,
    /// It holds the function's log.
    folder: TempDir,
}

impl Stage {
    async fn open(function: &Path) -> Result<Stage, Trouble> {
        let installation = Installation::find()?;
        let major = installation.newest().unwrap_or_else(newest);
        say(&format!(
            "moto is started in AWS's place, two PostgreSQL {major} behind doors like those of RDS, a receiver of OTLP"
        ));
        let (moto, receiver, certificates) =
            (Moto::start().await?, Receiver::start().await?, Certificates::new()?);
        moto.make_bucket("states").await?;
        let queue_url = make_queue(&moto).await?;
        let (mut actors, mut fronts) = (Vec::new(), Vec::new());
        for (name, statements) in CAST {
            let server = Server::new(major).installation(&installation).hba(&trust(roles::MONITOR));
            let actor = Actor::enter(name, statements, server).await?;
            let files = certificates.server_for(&host_of(name))?;
            fronts.push(Front::start(actor.server.port(), door(name), &files).await?);
            actors.push(actor);
            let tags = [("Tags.Tag.1.Key", TAG.0), ("Tags.Tag.1.Value", TAG.1)];
            moto.make_instance((ACCOUNT, REGION), name, &tags).await?;
        }
        moto.make_instance((ACCOUNT, REGION), "scratch", &[]).await?;
        let folder = tempfile::tempdir().map_err(|error| {
            Failure::of(Exit::CannotCreate, &error, "make the folder for temporary files writable")
        })?;
        let tag = format!("{}={}", TAG.0, TAG.1);
        let environment = async |more: &[(&str, &str)]| {
            let usual = [("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET)];
            let set = usual.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let aws = ("AWS_ENDPOINT_URL".to_owned(), moto.url());
            let function = Function {
                binary: function.to_owned(),
                environment: set.chain([aws]).collect(),
                memory_mib: 128,
                timeout: TIMEOUT,
            };
            Environment::new(function, &folder.path().join(LOG)).await
        };
        let dispatching = [
            ("PGQUERYLENS_QUEUE_URL", queue_url.as_str()),
            ("PGQUERYLENS_DISCOVER_TAG", &tag),
            ("PGQUERYLENS_DISCOVER_USER", roles::MONITOR),
        ];
        let dispatcher = environment(&dispatching).await?;
        let endpoint = receiver.url();
        let working = [
            ("PGQUERYLENS_STATE", "s3://states/prod"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("PGQUERYLENS_EVERY", "1s"),
        ];
        let worker = environment(&working).await?;
        let began = Instant::now();
        Ok(Stage {
            actors,
            fronts,
            receiver,
            moto,
            queue_url,
            certificates,
            dispatcher,
            worker,
            began,
            folder,
        })
    }

    async fn burst(&mut self) -> Result<(), Trouble> {
        for actor in &mut self.actors {
            actor.execute(BURST).await?;
        }
        Ok(())
    }

    async fn tick(&mut self) -> Result<(), Trouble> {
        let messages = self.dispatch().await?;
        self.work(&messages).await
    }

    /// Invokes the dispatcher as a schedule does, and takes what it sent out of the queue.
    async fn dispatch(&mut self) -> Result<Value, Trouble> {
        sleep(TICK).await;
        let ended = self.dispatcher.invoke(&json!({})).await?;
        let Ended::Answered(answer) = ended else { return Err(astray("the dispatcher", &ended)) };
        let asked = json!({"QueueUrl": self.queue_url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0});
        let received = sqs(&self.moto, "ReceiveMessage", &asked).await?;
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        let mut records = Vec::new();
        for message in &messages {
            let gone = json!({"QueueUrl": self.queue_url, "ReceiptHandle": message["ReceiptHandle"]});
            sqs(&self.moto, "DeleteMessage", &gone).await?;
            let body: Value =
                message["Body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
            let body = json!({"target": self.reachable(&body["target"])});
            records
                .push(json!({"messageId": message["MessageId"], "body": body.to_string(), "attributes": {}}));
        }
        let [sent, left_out] = ["sent", "left_out"].map(|key| answer[key].as_u64().unwrap_or_default());
        output::say(&format!("  {sent} found and sent, {left_out} left out"));
        Ok(json!({"Records": records}))
    }

    /// The endpoints that the emulator names lead nowhere: the fronts stand on this machine, under the same names.
    fn reachable(&self, target: &Value) -> Value {
        let name = target["name"].as_str().unwrap_or_default();
        let place = self.actors.iter().position(|actor| actor.name == name);
        let Some(front) = place.and_then(|place| self.fronts.get(place)) else { return target.clone() };
        let (host, port, authority) = (host_of(name), front.port(), self.certificates.authority().display());
        let mut target = target.clone();
        target["connection"] = json!(format!(
            "host={host} hostaddr=127.0.0.1 port={port} user={} dbname=postgres sslrootcert={authority}",
            roles::MONITOR
        ));
        target
    }

    async fn work(&mut self, messages: &Value) -> Result<(), Trouble> {
        let ended = self.worker.invoke(messages).await?;
        let Ended::Answered(_) = ended else { return Err(astray("the worker", &ended)) };
        output::say(&progress(&self.actors, &self.receiver.account()));
        Ok(())
    }

    async fn killed_while_it_delivers(&mut self) -> Result<(), Trouble> {
        let messages = self.dispatch().await?;
        self.receiver.behave(Behaviour::TakeAndHang);
        let before = self.receiver.requests().len();
        let delivering = async {
            while self.receiver.requests().len() == before {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let ended = self.worker.invoke_until(&messages, delivering).await?;
        self.receiver.behave(Behaviour::Accept);
        match ended {
            Ended::Killed => Ok(()),
            ended => Err(astray("the worker", &ended)),
        }
    }

    /// Returns what the function has complained of.
    fn complaints(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join(LOG)).unwrap_or_default();
        log.lines().filter(|line| !line.contains("\"level\":\"INFO\"")).collect::<Vec<_>>().join("\n")
    }

    /// Says what it took, in figures that repeat.
    fn account(&self) -> String {
        let logins: usize = self.fronts.iter().map(Front::admissions).sum();
        let refused: usize = self.fronts.iter().map(|front| front.refusals().len()).sum();
        let cold = self.dispatcher.starts().len() + self.worker.starts().len();
        let seconds = self.began.elapsed().as_secs();
        format!("{logins} logins by token, {refused} refused; {cold} cold starts; {seconds} s\n")
    }
}

/// Returns how the door of a server checks whoever comes.
fn door(name: &str) -> Check {
    let key = AccessKey {
        id: KEY.to_owned(),
        secret: SECRET.to_owned(),
        session_token: None,
        may_connect_as: vec![roles::MONITOR.to_owned()],
    };
    Check::RdsIam(RdsIam {
        region: REGION.to_owned(),
        host: host_of(name),
        port: None,
        keys: vec![key],
        granted: vec![roles::MONITOR.to_owned()],
        clock: WallClock::right(),
    })
}

fn host_of(name: &str) -> String {
    format!("{name}.aaaaaaaaaa.{REGION}.rds.amazonaws.com")
}

async fn make_queue(moto: &Moto) -> Result<String, Trouble> {
    let made = sqs(moto, "CreateQueue", &json!({"QueueName": "pgquerylens"})).await?;
    Ok(made["QueueUrl"].as_str().unwrap_or_default().to_owned())
}

async fn sqs(moto: &Moto, action: &str, body: &Value) -> Result<Value, Trouble> {
    let answer = moto.call("sqs", &format!("AmazonSQS.{action}"), REGION, &body.to_string()).await?;
    Ok(serde_json::from_str(&answer).unwrap_or_default())
}

fn astray(who: &str, ended: &Ended) -> Trouble {
    Failure::new(Exit::Internal, format!("{who} ended otherwise: {ended:?}"), "please report this").into()
}
