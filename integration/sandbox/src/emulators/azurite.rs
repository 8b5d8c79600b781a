//! Azurite, Microsoft's own emulator of Azure Blob Storage. It checks signatures.

use std::path::Path;
use std::process::Command;

use super::emulator::{Emulator, installed, on_path};
use crate::error::Doing;
use crate::{Error, Result};

/// A running Azurite.
#[derive(Debug)]
pub struct Azurite(Emulator);

impl Azurite {
    /// Its one storage account.
    pub const ACCOUNT: &str = "devstoreaccount1";
    /// The key of the account, which is the same everywhere and in Microsoft's documentation.
    pub const KEY: &str =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// Starts it, without a container.
    pub async fn start() -> Result<Azurite> {
        let program = installed("node/node_modules/azurite/dist/src/blob/main.js")?;
        let node = on_path("node")?;
        let emulator = Emulator::start("Azurite", |home, port| {
            let mut command = Command::new(node);
            command.arg(program).args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
            // The protocol's version is newer than any that it knows.
            command.args([
                "--inMemoryPersistence",
                "--skipApiVersionCheck",
                "--disableTelemetry",
                "--silent",
            ]);
            command.env("HOME", home);
            command
        });
        Ok(Azurite(emulator.await?))
    }

    /// Returns its address, for AZURE_STORAGE_ENDPOINT.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{}", self.0.port, Self::ACCOUNT)
    }

    /// Makes a container.
    pub fn make_container(&self, name: &str) -> Result<()> {
        let script = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../emulators/make-container.js"));
        let mut command = Command::new("node");
        command.arg(script).args([self.url().as_str(), Self::ACCOUNT, Self::KEY, name]);
        let done = command.output().doing("make a container")?;
        match done.status.success() {
            true => Ok(()),
            false => {
                let log = String::from_utf8_lossy(&done.stderr).into_owned();
                Err(Error::Exited { what: format!("make the container {name}"), log })
            }
        }
    }
}
