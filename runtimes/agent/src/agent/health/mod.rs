//! Health, status and our own figures over HTTP, for people and programs: whether the process is alive and reads every
//! server in time. Nothing can be changed here, and nothing secret is shown.

mod answer;
#[cfg(test)]
pub(super) mod example;
pub(super) mod exposition;
mod html;
mod listener;
pub(super) mod metrics;
mod page;
pub(super) mod snapshot;
mod status;
mod verdict;
mod vitals;
mod words;

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use pgquerylens_setup::exit::Exit;
use pgquerylens_setup::failure::Failure;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_local};
use tracing::{error, info};

use super::board::Board;

/// Shows the board over HTTP where the configuration says.
pub(super) struct Health {
    board: Rc<Board>,
    serving: Option<Serving>,
}

/// Where we listen.
struct Serving {
    /// As the configuration says.
    address: SocketAddr,
    /// As it is: with port 0 the system chose one.
    listens: SocketAddr,
    task: JoinHandle<()>,
}

/// What is to change about where we listen.
pub(super) enum Bound {
    /// Nothing.
    Same,
    /// We no longer listen.
    Off,
    /// We listen here; nobody is answered yet.
    Here(SocketAddr, TcpListener),
    /// Here, as soon as we no longer listen where we do now: it is the same port.
    Instead(SocketAddr),
}

/// An address at which we cannot listen.
#[derive(Debug)]
struct ListenError {
    address: SocketAddr,
    source: io::Error,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listen on {} for health and status", self.address)
    }
}

impl Error for ListenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl From<ListenError> for Failure {
    fn from(error: ListenError) -> Failure {
        let (exit, advice) = match error.source.kind() {
            io::ErrorKind::AddrInUse => (
                Exit::Unavailable,
                "end what listens there, or write another port, such as --listen 127.0.0.1:9189, or --listen off",
            ),
            io::ErrorKind::PermissionDenied => (Exit::Denied, "write a port from 1024 on, or --listen off"),
            _ => (Exit::Unavailable, "write an address of this machine, or --listen off"),
        };
        Failure::of(exit, &error, advice)
    }
}

impl Health {
    /// Shows nothing yet.
    pub(super) fn new(board: Rc<Board>) -> Health {
        Health { board, serving: None }
    }

    /// Prepares to listen at an address, or nowhere. Until `serve`, all goes on as before.
    pub(super) async fn bind(&self, listen: Option<SocketAddr>) -> Result<Bound, Failure> {
        let Some(address) = listen else { return Ok(Bound::Off) };
        if self.serving.as_ref().is_some_and(|serving| serving.address == address) {
            return Ok(Bound::Same);
        }
        match TcpListener::bind(address).await {
            Ok(listener) => Ok(Bound::Here(address, listener)),
            Err(error) if self.is_in_the_way(&error, address) => Ok(Bound::Instead(address)),
            Err(source) => Err(ListenError { address, source }.into()),
        }
    }

    /// Tells whether it is ourselves who hold the port.
    fn is_in_the_way(&self, error: &io::Error, wanted: SocketAddr) -> bool {
        let holds = self.serving.as_ref().is_some_and(|serving| serving.listens.port() == wanted.port());
        error.kind() == io::ErrorKind::AddrInUse && holds
    }

    /// Listens as it was prepared.
    pub(super) async fn serve(&mut self, bound: Bound) {
        match bound {
            Bound::Same => {}
            Bound::Off => drop(self.end().await),
            Bound::Here(address, listener) => {
                self.end().await;
                self.begin(address, listener);
            }
            Bound::Instead(address) => self.replace(address).await,
        }
    }

    /// Listens at another address with the same port, or, if that fails, where it was.
    async fn replace(&mut self, address: SocketAddr) {
        let before = self.end().await;
        for address in [address].into_iter().chain(before) {
            match TcpListener::bind(address).await {
                Ok(listener) => return self.begin(address, listener),
                Err(source) => {
                    let failure = Failure::from(ListenError { address, source });
                    error!(failure = failure.in_one_line(), "health is not shown there");
                }
            }
        }
    }

    fn begin(&mut self, address: SocketAddr, listener: TcpListener) {
        let listens = listener.local_addr().unwrap_or(address);
        info!(listen = %listens, "health is shown");
        let task = spawn_local(listener::serve(listener, listens, Rc::clone(&self.board)));
        self.serving = Some(Serving { address, listens, task });
    }

    /// Listens no longer; connections that are open come to their end. Returns where it was.
    async fn end(&mut self) -> Option<SocketAddr> {
        let serving = self.serving.take()?;
        serving.task.abort();
        let _aborted = serving.task.await;
        Some(serving.listens)
    }
}
