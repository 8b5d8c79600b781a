//! A double of AWS Lambda, ours and nothing of Amazon's: one execution environment that runs a function's binary behind a
//! strict runtime API, by the public documentation. It freezes nothing; it ends a function at its deadline as Lambda does,
//! starts it again for the next event, and kills it at any moment that a test wants.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

mod api;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout_at};

use crate::error::Doing;
use crate::{Error, Result};

pub use api::Answer;
use api::Api;

/// How long a function may take from its start to its first request for an event.
pub const INIT_LIMIT: Duration = Duration::from_secs(10);
/// The largest event and the largest answer of a synchronous invocation.
pub const MAX_PAYLOAD_BYTES: usize = 6 << 20;

/// What is known of a function beside its binary.
#[derive(Clone, Debug)]
pub struct Function {
    /// The binary, `bootstrap` in a package.
    pub binary: PathBuf,
    /// Its environment, besides what Lambda sets; nothing of our own is handed on.
    pub environment: Vec<(String, String)>,
    /// Its memory, in MiB.
    pub memory_mib: u32,
    /// How long an invocation may take.
    pub timeout: Duration,
}

/// One execution environment: at most one process, one invocation at a time.
#[derive(Debug)]
pub struct Environment {
    function: Function,
    log: PathBuf,
    api: Api,
    process: Option<Child>,
    invocations: u64,
    starts: Vec<Duration>,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// The function answered.
    Answered(Value),
    /// It answered with an error.
    Failed {
        /// The type of the error, as Lambda shows it.
        kind: String,
        /// What went wrong.
        message: String,
    },
    /// It was not done at its deadline, and was killed.
    TimedOut,
    /// Its process ended before it answered.
    Died(Option<i32>),
    /// It was killed because a test wanted that.
    Killed,
}

impl Environment {
    /// Prepares one; the process starts with the first event. What the function writes goes to the end of `log`.
    pub async fn new(function: Function, log: &Path) -> Result<Environment> {
        let api = Api::start().await?;
        Ok(Environment {
            function,
            log: log.to_owned(),
            api,
            process: None,
            invocations: 0,
            starts: Vec::new(),
        })
    }

    /// Invokes the function and waits for its end.
    pub async fn invoke(&mut self, event: &Value) -> Result<Ended> {
        self.invoke_until(event, std::future::pending()).await
    }

    /// Invokes the function and kills its process as soon as something has happened, if that comes before its end.
    pub async fn invoke_until(&mut self, event: &Value, moment: impl Future<Output = ()>) -> Result<Ended> {
        self.warm().await?;
        self.invocations += 1;
        let id = format!("00000000-0000-4000-8000-{:012x}", self.invocations);
        let deadline = Instant::now() + self.function.timeout;
        let answer = self.api.hand_over(&id, event, self.function.timeout);
        let Some(process) = &mut self.process else { return Ok(Ended::Died(None)) };
        let ended = tokio::select! {
            answer = answer => Some(answer),
            status = process.wait() => {
                let status = status.doing("wait for the function")?;
                self.process = None;
                return Ok(Ended::Died(code(status)));
            }
            () = tokio::time::sleep_until(deadline) => None,
            () = moment => {
                self.kill().await?;
                return Ok(Ended::Killed);
            }
        };
        match ended {
            Some(Answer::Response(value)) => Ok(Ended::Answered(value)),
            Some(Answer::Error { kind, message }) => Ok(Ended::Failed { kind, message }),
            None => {
                self.kill().await?;
                Ok(Ended::TimedOut)
            }
        }
    }

    /// Kills the process at once, as Lambda does with an environment that it no longer wants.
    pub async fn kill(&mut self) -> Result<()> {
        if let Some(mut process) = self.process.take() {
            process.kill().await.doing("kill the function")?;
        }
        self.api.forget();
        Ok(())
    }

    /// Returns how long each start took, to the first request for an event.
    pub fn starts(&self) -> &[Duration] {
        &self.starts
    }

    /// Returns what the function did that the runtime API does not allow.
    pub fn violations(&self) -> Vec<String> {
        self.api.violations()
    }

    /// Returns the process's id, while it is warm.
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().and_then(Child::id)
    }

    /// Starts the process, unless one is waiting for an event.
    async fn warm(&mut self) -> Result<()> {
        if let Some(process) = &mut self.process
            && process.try_wait().doing("look after the function")?.is_none()
        {
            return Ok(());
        }
        self.api.forget();
        let log = File::options().create(true).append(true).open(&self.log).doing_at("open", &self.log)?;
        let errors = log.try_clone().doing_at("open", &self.log)?;
        let began = Instant::now();
        let process = Command::new(&self.function.binary)
            .env_clear()
            .envs(self.usual())
            .envs(self.function.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .kill_on_drop(true)
            .spawn();
        let process = process.doing(format!("start {}", self.function.binary.display()))?;
        let process = self.process.insert(process);
        tokio::select! {
            waiting = timeout_at(began + INIT_LIMIT, self.api.is_asked()) => {
                waiting.map_err(|_| Error::TimedOut { what: "the function's start".to_owned() })?;
            }
            status = process.wait() => {
                let status = status.doing("wait for the function")?;
                self.process = None;
                let what = format!("the function ended at its start with {status}");
                return Err(Error::Exited { what, log: std::fs::read_to_string(&self.log).unwrap_or_default() });
            }
        }
        self.starts.push(began.elapsed());
        Ok(())
    }

    /// What Lambda sets in every environment.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
    fn usual(&self) -> Vec<(&'static str, String)> {
        let mut set = vec![
            ("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{}", self.api.port())),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.function.memory_mib.to_string()),
        ];
        set.extend(
            [
                ("_HANDLER", "bootstrap"),
                ("AWS_DEFAULT_REGION", REGION),
                ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
                ("AWS_LAMBDA_FUNCTION_NAME", NAME),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/pgquerylens"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/24/[$LATEST]0123456789abcdef0123456789abcdef"),
                ("AWS_REGION", REGION),
                ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
                ("LAMBDA_TASK_ROOT", "/var/task"),
                ("LANG", "en_US.UTF-8"),
                ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
                ("TZ", ":UTC"),
            ]
            .map(|(name, value)| (name, value.to_owned())),
        );
        set
    }
}

const NAME: &str = "pgquerylens";
const REGION: &str = "eu-west-1";

fn code(status: ExitStatus) -> Option<i32> {
    status.code()
}
