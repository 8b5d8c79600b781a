//! What an agent says of itself: how often it polled whom, and what became of it.

use std::net::SocketAddr;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Result;

/// The part of `/status` that we look at.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    servers: Vec<Server>,
}

#[derive(Debug, Deserialize)]
struct Server {
    name: String,
    polls: u64,
    failed_polls: u64,
    exporters: Vec<Exporter>,
}

#[derive(Debug, Deserialize)]
struct Exporter {
    accepted: u64,
    rejected: u64,
    dropped: u64,
}

impl Status {
    /// Asks an agent.
    pub(crate) async fn ask(pages: SocketAddr) -> Result<Status> {
        let mut stream = TcpStream::connect(pages).await?;
        let question = format!("GET /status HTTP/1.1\r\nHost: {pages}\r\n\r\n");
        stream.write_all(question.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (_, document) = answer.split_once("\r\n\r\n").ok_or("the agent's page breaks off")?;
        Ok(serde_json::from_str(document)?)
    }

    /// Returns how many polls of all servers there were.
    pub(crate) fn polls(&self) -> u64 {
        self.servers.iter().map(|server| server.polls).sum()
    }

    /// Returns how often each server was polled at least.
    pub(crate) fn polls_of_each(&self) -> u64 {
        self.servers.iter().map(|server| server.polls).min().unwrap_or(0)
    }

    /// Fails unless everything that was polled was read and taken: what breaks off early is cheap.
    pub(crate) fn is_sound(&self) -> Result<()> {
        let unsound =
            |exporter: &Exporter| exporter.accepted == 0 || exporter.rejected + exporter.dropped > 0;
        let found = self.servers.iter().find(|server| {
            server.polls == 0 || server.failed_polls > 0 || server.exporters.iter().any(unsound)
        });
        found.map_or(Ok(()), |server| Err(format!("{} is not polled well: {server:?}", server.name).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(failed: u64, rejected: u64) -> Status {
        let text = format!(
            r#"{{"schema": "x", "servers": [
                {{"name": "a", "polls": 3, "failed_polls": 0, "exporters": []}},
                {{"name": "b", "polls": 5, "failed_polls": {failed},
                  "exporters": [{{"accepted": 1, "rejected": {rejected}, "dropped": 0}}]}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn polls_are_counted_over_all_and_for_each() {
        let status = status(0, 0);
        assert_eq!((status.polls(), status.polls_of_each()), (8, 3));
    }

    #[test]
    fn what_failed_or_was_not_taken_is_not_sound() {
        assert!(status(0, 0).is_sound().is_ok());
        assert!(status(1, 0).is_sound().is_err());
        assert!(status(0, 1).is_sound().is_err());
    }
}
