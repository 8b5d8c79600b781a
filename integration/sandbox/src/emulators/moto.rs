//! moto, which speaks as Amazon S3 does and holds conditional puts. It checks no signature.

use std::process::Command;

use super::emulator::{Emulator, installed, put, send};
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

    /// Makes a bucket.
    pub async fn make_bucket(&self, name: &str) -> Result<()> {
        match put(self.0.port, &format!("/{name}")).await? {
            200 => Ok(()),
            status => Err(Error::Unsupported { what: format!("make the bucket {name}: status {status}") }),
        }
    }

    /// Calls an action of a service that speaks JSON, such as `ssm` and `AmazonSSM.PutParameter`, in this region.
    pub async fn call(&self, service: &str, target: &str, region: &str, body: &str) -> Result<()> {
        let scope = format!("AKIDEXAMPLE/20260101/{region}/{service}/aws4_request");
        let headers = format!(
            "X-Amz-Target: {target}\r\nContent-Type: application/x-amz-json-1.1\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n"
        );
        match send(self.0.port, "POST /", &headers, body).await? {
            200 => Ok(()),
            status => Err(Error::Unsupported { what: format!("call {target}: status {status}") }),
        }
    }
}
