//! The seam between a poll and those who know of the server from outside. They are asked while the server is read; a poll
//! is as long as the slower of both, and its connection is held as long. What they leave is committed with the rest.

use pgquerylens_model::identity::Identity;
use pgquerylens_model::outside::{Findings, Memory};
use pgquerylens_model::time::Timestamp;
use tokio::time::Instant;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What was kept of the look before.
    pub memory: Memory,
    /// The server that the poll found.
    pub identity: Identity,
    /// The database's clock when the poll began.
    pub now: Timestamp,
    /// Until when an answer is of use. What a source has not by then is its own to report.
    pub deadline: Instant,
}

/// Looks at a server from outside.
pub trait Outside {
    /// Returns what there is to tell by the deadline; a poll waits for it no longer.
    fn look(&mut self, ask: Ask) -> impl Future<Output = Findings>;
}

/// Nobody looks.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Outside for Unobserved {
    async fn look(&mut self, _ask: Ask) -> Findings {
        Findings::default()
    }
}

/// Somebody looks where there is somebody.
impl<O: Outside> Outside for Option<O> {
    async fn look(&mut self, ask: Ask) -> Findings {
        match self {
            Some(outside) => outside.look(ask).await,
            None => Findings::default(),
        }
    }
}
