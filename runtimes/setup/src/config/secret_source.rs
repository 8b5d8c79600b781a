//! Where a secret comes from. It is read each time it is used, so that a file that was rotated counts at once, and it
//! never becomes part of a text: neither of an error nor of what Debug shows.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use pgquerylens_aws::secrets::{Place, Secrets};
use pgquerylens_aws::session::Sessions;
use pgquerylens_engine::conninfo::Environment;
use pgquerylens_engine::dial::NoPassword;
use pgquerylens_engine::secret::Secret;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

/// The most bytes of a secret that a file or a command may give: a token with many claims has a few thousand.
pub const MAX_SECRET_BYTES: u64 = 64 << 10;
/// How long a command may take to print a secret: a cloud's command line needs seconds to start.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// The variables that the process was started with.
pub type Variables = Arc<BTreeMap<String, String>>;

/// What secrets are read with, wherever they lie.
#[derive(Clone, Debug, Default)]
pub struct SecretAccess {
    /// For those that lie in variables.
    pub variables: Variables,
    /// For those that lie at AWS.
    pub sessions: Sessions,
}

impl SecretAccess {
    /// Returns that of an environment; nothing is looked up yet.
    pub fn of(environment: &Environment) -> SecretAccess {
        let variables = Arc::new(environment.variables.clone());
        let sessions = Sessions::of_profile(variables.get("AWS_PROFILE").cloned());
        SecretAccess { variables, sessions }
    }
}

/// Where a secret comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// It was written down.
    Text(Secret),
    /// An environment variable.
    Env(String),
    /// A file, without the line end at its end.
    File(PathBuf),
    /// What a program prints, started without a shell; without the line end at its end.
    Command(Vec<String>),
    /// A secret at AWS.
    Aws(Secrets),
}

/// Why there is no secret to use.
#[derive(Debug)]
pub enum SecretError {
    /// The variable is not set, or empty.
    Unset(String),
    /// The file or the command cannot be read.
    Io {
        /// What was being done, with the object's name.
        action: String,
        /// The system's error.
        source: io::Error,
    },
    /// It is not a secret that could be sent.
    Unfit {
        /// What was being done, with the object's name.
        action: String,
        /// What is the matter with it.
        why: &'static str,
    },
    /// A cloud does not give it.
    Cloud(NoPassword),
    /// The command took too long, or ended with an error.
    Command {
        /// What was being done, with the object's name.
        action: String,
        /// How it ended.
        ended: String,
    },
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretError::Unset(name) => write!(f, "the variable {name} is not set"),
            SecretError::Io { action, .. } => f.write_str(action),
            SecretError::Unfit { action, why } => write!(f, "{action}: {why}"),
            SecretError::Command { action, ended } => write!(f, "{action}: {ended}"),
            SecretError::Cloud(none) => f.write_str(&none.why),
        }
    }
}

impl std::error::Error for SecretError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SecretError::Io { source, .. } => Some(source),
            SecretError::Unset(_)
            | SecretError::Unfit { .. }
            | SecretError::Cloud(_)
            | SecretError::Command { .. } => None,
        }
    }
}

impl SecretSource {
    /// Returns the secret as it is now.
    pub async fn resolve(&self, access: &SecretAccess) -> Result<Secret, SecretError> {
        let action = format!("read the secret from {self}");
        let bytes = match self {
            SecretSource::Text(secret) => return Ok(secret.clone()),
            SecretSource::Env(name) => {
                let value = access.variables.get(name).filter(|value| !value.is_empty());
                return value.cloned().map(Secret::from).ok_or_else(|| SecretError::Unset(name.clone()));
            }
            SecretSource::File(path) => {
                bounded(path).map_err(|source| SecretError::Io { action: action.clone(), source })?
            }
            SecretSource::Command(words) => printed(words, &action, COMMAND_TIMEOUT).await?,
            SecretSource::Aws(secrets) => {
                return secrets.current(&access.sessions).await.map_err(SecretError::Cloud);
            }
        };
        fit(bytes).map_err(|why| SecretError::Unfit { action, why })
    }
}

/// Says where the secret comes from, and of a command the program alone: what it is told may be secret.
impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretSource::Text(_) => f.write_str("***"),
            SecretSource::Env(name) => write!(f, "the variable {name}"),
            SecretSource::File(path) => write!(f, "the file {}", path.display()),
            SecretSource::Command(words) => {
                write!(f, "the command {}", words.first().map_or("", String::as_str))
            }
            SecretSource::Aws(secrets) => match secrets.place() {
                Place::SecretsManager(id) => write!(f, "the secret {id}"),
                Place::Parameter(name) => write!(f, "the parameter {name}"),
            },
        }
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretSource({self})")
    }
}

/// Reads at most one byte more than a secret may have, which tells that it is too long.
fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe or a terminal would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_SECRET_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Runs a command and returns what it printed. It is killed when it takes too long; what it says besides is not read,
/// for it may be secret.
async fn printed(words: &[String], action: &str, limit: Duration) -> Result<Vec<u8>, SecretError> {
    let io_error = |source| SecretError::Io { action: action.to_owned(), source };
    let ended = |ended: String| SecretError::Command { action: action.to_owned(), ended };
    let (program, arguments) = words.split_first().ok_or_else(|| ended("no program is named".to_owned()))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.kill_on_drop(true).spawn().map_err(io_error)?;
    let stdout = child.stdout.take();
    let reading = async {
        let mut bytes = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(MAX_SECRET_BYTES + 1).read_to_end(&mut bytes).await?;
        }
        Ok::<_, io::Error>((bytes, child.wait().await?))
    };
    let late = |_| ended(format!("it took longer than {}", humantime::format_duration(limit)));
    let (bytes, status) = timeout(limit, reading).await.map_err(late)?.map_err(io_error)?;
    // A command that printed too much is stopped by its closed pipe; that it was too much is what counts then.
    match status.success() || bytes.len() as u64 > MAX_SECRET_BYTES {
        true => Ok(bytes),
        false => Err(ended(format!("it ended with {status}"))),
    }
}

/// Returns what was read without the line end at its end, if it can be a secret.
fn fit(bytes: Vec<u8>) -> Result<Secret, &'static str> {
    if bytes.len() as u64 > MAX_SECRET_BYTES {
        return Err("it has more than 64 KiB");
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8")?;
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    match text {
        "" => Err("it is empty"),
        text if text.contains(['\n', '\r', '\0']) => Err("it has more than one line"),
        text => Ok(Secret::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(source: SecretSource) -> Result<String, String> {
        let variables =
            BTreeMap::from([("SET".to_owned(), "hush".to_owned()), ("EMPTY".to_owned(), String::new())]);
        let access = SecretAccess { variables: Arc::new(variables), ..SecretAccess::default() };
        let resolved = source.resolve(&access).await;
        resolved.map(|secret| secret.expose().to_owned()).map_err(|error| error.to_string())
    }

    fn command(script: &str) -> SecretSource {
        SecretSource::Command(["sh", "-c", script].map(str::to_owned).to_vec())
    }

    #[tokio::test]
    async fn each_source_gives_its_secret() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hush\r\n").unwrap();
        for source in [
            SecretSource::Text("hush".into()),
            SecretSource::Env("SET".to_owned()),
            SecretSource::File(file.path().to_owned()),
            command("echo hush"),
        ] {
            assert_eq!(check(source.clone()).await, Ok("hush".to_owned()), "{source}");
        }
    }

    #[tokio::test]
    async fn a_rotated_file_counts_at_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let source = SecretSource::File(file.path().to_owned());
        for secret in ["one", "two"] {
            std::fs::write(file.path(), secret).unwrap();
            assert_eq!(check(source.clone()).await, Ok(secret.to_owned()));
        }
    }

    #[tokio::test]
    async fn what_cannot_be_a_secret_is_refused_without_being_shown() {
        let mut told = Vec::new();
        for source in [
            SecretSource::Env("EMPTY".to_owned()),
            SecretSource::File("/nowhere/secret".into()),
            SecretSource::File("/dev/zero".into()),
            command("echo hush; echo hush"),
            command("printf ''"),
            command("printf '\\377hush'"),
            command("echo hush; exit 3"),
            command("yes hush"),
            SecretSource::Command(vec!["/nowhere/program".to_owned(), "hush".to_owned()]),
        ] {
            told.push(check(source).await.unwrap_err());
        }
        let told = told.join("\n");
        assert!(!told.contains("hush"), "{told}");
        expect_test::expect![[r#"
            the variable EMPTY is not set
            read the secret from the file /nowhere/secret
            read the secret from the file /dev/zero
            read the secret from the command sh: it has more than one line
            read the secret from the command sh: it is empty
            read the secret from the command sh: it is not text in UTF-8
            read the secret from the command sh: it ended with exit status: 3
            read the secret from the command sh: it has more than 64 KiB
            read the secret from the command /nowhere/program"#]]
        .assert_eq(&told);
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_given_up() {
        let words = ["sleep", "60"].map(str::to_owned);
        let told = printed(&words, "run it", Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(told.to_string(), "run it: it took longer than 20ms");
    }

    #[test]
    fn debug_and_display_tell_nothing() {
        for source in [SecretSource::Text("hush".into()), command("echo hush")] {
            let shown = format!("{source} {source:?} {source:#?}");
            assert!(!shown.contains("hush"), "{shown}");
        }
    }
}
