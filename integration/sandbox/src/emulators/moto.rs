//! moto, which speaks as many services of AWS do: S3 with conditional puts, RDS, SQS, STS and what lies between. It checks
//! neither signatures nor rights until it is told to.

use std::process::Command;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::emulator::{Emulator, exchange, installed, put, send};
use crate::{Error, Result};

/// A running moto.
#[derive(Debug)]
pub struct Moto(Emulator);

impl Moto {
    /// Starts it, without a bucket.
    pub async fn start() -> Result<Moto> {
        let program = installed("python/bin/moto_server")?;
        let emulator = Emulator::start("moto", |_, port| {
            let mut command = Command::new(program);
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
            command
        });
        Ok(Moto(emulator.await?))
    }

    /// Returns its address, for AWS_ENDPOINT_URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port)
    }

    /// Returns what was asked of it, by its own log: `PUT /states/shop/baseline 200`.
    pub fn requests(&self) -> Vec<String> {
        self.0.log().lines().filter_map(request).collect()
    }

    /// Makes a bucket.
    pub async fn make_bucket(&self, name: &str) -> Result<()> {
        match put(self.0.port, &format!("/{name}")).await? {
            200 => Ok(()),
            status => Err(Error::Unsupported { what: format!("make the bucket {name}: status {status}") }),
        }
    }

    /// Calls an action of a service that speaks JSON, such as `ssm` and `AmazonSSM.PutParameter`, in this region,
    /// and returns the answer.
    pub async fn call(&self, service: &str, target: &str, region: &str, body: &str) -> Result<String> {
        let headers = format!(
            "X-Amz-Target: {target}\r\nContent-Type: application/x-amz-json-1.1\r\n{}",
            signed(service, region)
        );
        match exchange(self.0.port, "POST /", &headers, body).await? {
            (200, answer) => Ok(answer),
            (status, _) => Err(Error::Unsupported { what: format!("call {target}: status {status}") }),
        }
    }

    /// Makes an instance of PostgreSQL at RDS, in a region of an account, that takes tokens. What is said goes before what
    /// is usual. Nothing listens at its endpoint.
    pub async fn make_instance(&self, place: (&str, &str), name: &str, said: &[(&str, &str)]) -> Result<()> {
        let usual = [
            ("DBInstanceIdentifier", name),
            ("DBInstanceClass", "db.t4g.medium"),
            ("Engine", "postgres"),
            ("EngineVersion", "16.4"),
            ("AllocatedStorage", "20"),
            ("MasterUsername", "postgres"),
            ("MasterUserPassword", "a-password-that-nobody-sees"),
            ("EnableIAMDatabaseAuthentication", "true"),
        ];
        let is_said = |name: &str| said.iter().any(|(said, _)| *said == name);
        let parameters: Vec<_> =
            usual.iter().filter(|(name, _)| !is_said(name)).chain(said).copied().collect();
        self.ask("rds", place, "CreateDBInstance", &parameters).await.map(drop)
    }

    /// Calls an action of a service that speaks XML, such as `rds` and `CreateDBInstance`, in a region of an account, and
    /// returns the answer.
    pub async fn ask(
        &self,
        service: &str,
        place: (&str, &str),
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String> {
        let (account, region) = place;
        let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let pairs = parameters.iter().map(|(name, value)| format!("&{}={}", escaped(name), escaped(value)));
        let body = format!("Action={action}{}", pairs.collect::<String>());
        let headers = format!(
            "x-moto-account-id: {account}\r\nContent-Type: application/x-www-form-urlencoded\r\n{}",
            signed(service, region)
        );
        match exchange(self.0.port, "POST /", &headers, &body).await? {
            (200, answer) => Ok(answer),
            (status, answer) => {
                Err(Error::Unsupported { what: format!("call {action}: status {status}: {answer}") })
            }
        }
    }

    /// Lets it check signatures and rights from now on: by the policies of users and roles, and whom a role trusts.
    pub async fn enforce_rights(&self) -> Result<()> {
        match send(self.0.port, "POST /moto-api/reset-auth", "", "0").await? {
            200 => Ok(()),
            status => Err(Error::Unsupported { what: format!("enforce rights: status {status}") }),
        }
    }
}

/// Reads a line of the log: `127.0.0.1 - - [24/Nov/2026 20:48:40] "PUT /states/shop HTTP/1.1" 200 -`.
fn request(line: &str) -> Option<String> {
    let (_, quoted) = line.split_once('"')?;
    let (asked, answered) = quoted.split_once(" HTTP/1.1\" ")?;
    Some(format!("{asked} {}", answered.split(' ').next()?))
}

/// What a request is signed by, as far as moto looks at it.
fn signed(service: &str, region: &str) -> String {
    let scope = format!("AKIDEXAMPLE/20260101/{region}/{service}/aws4_request");
    format!("Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n")
}
