//! Redis itself, with a password, nothing on its disk, and TLS where certificates are given.

use std::process::Command;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::emulator::{Emulator, on_path};
use crate::error::Doing;
use crate::tls::TlsFiles;
use crate::{Error, PASSWORD, Result};

/// A running Redis.
#[derive(Debug)]
pub struct Redis {
    emulator: Emulator,
    tls: bool,
}

impl Redis {
    /// Starts it.
    pub async fn start() -> Result<Redis> {
        Self::start_at(None).await
    }

    /// Starts one that speaks TLS alone.
    pub async fn start_with_tls(files: &TlsFiles) -> Result<Redis> {
        Self::start_at(Some(files)).await
    }

    async fn start_at(files: Option<&TlsFiles>) -> Result<Redis> {
        let program = on_path("redis-server")?;
        let emulator = Emulator::start("Redis", |home, port| {
            let mut command = Command::new(program);
            command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
            command.args(["--requirepass", PASSWORD, "--dir"]).arg(home);
            let port = port.to_string();
            match files {
                None => command.args(["--port", &port]),
                Some(files) => {
                    command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
                    command.arg("--tls-cert-file").arg(&files.certificate);
                    command.arg("--tls-key-file").arg(&files.key);
                    command.arg("--tls-ca-cert-file").arg(&files.certificate)
                }
            };
            command
        });
        Ok(Redis { emulator: emulator.await?, tls: files.is_some() })
    }

    /// Lets it take no more than so many bytes; without TLS.
    pub async fn limit_memory(&self, bytes: u64) -> Result<()> {
        let what = "limit the memory of Redis";
        let mut socket = TcpStream::connect(("127.0.0.1", self.emulator.port)).await.doing(what)?;
        let commands = format!("AUTH {PASSWORD}\r\nCONFIG SET maxmemory {bytes}\r\nQUIT\r\n");
        socket.write_all(commands.as_bytes()).await.doing(what)?;
        let mut answers = String::new();
        socket.read_to_string(&mut answers).await.doing(what)?;
        match answers.matches("+OK").count() {
            3 => Ok(()),
            _ => Err(Error::Unsupported { what: format!("{what}: {answers}") }),
        }
    }

    /// Returns the URL of a prefix in its first database.
    pub fn url(&self, prefix: &str) -> String {
        let scheme = if self.tls { "rediss" } else { "redis" };
        format!("{scheme}://:{PASSWORD}@localhost:{}/0/{prefix}", self.emulator.port)
    }
}
