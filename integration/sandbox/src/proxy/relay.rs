//! Carries the bytes of one proxied connection under the faults of the moment. A delayed byte does not hold up the
//! ones behind it: each chunk has its own hour of delivery, so that pipelining through the proxy stays pipelining.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, watch},
    time::Instant,
};

use super::{Direction, Faults, Flow, Totals};

const CHUNK_BYTES_MAX: usize = 64 * 1024;
/// How many chunks may be on their way in one direction.
const CHUNKS_UNDER_WAY_MAX: usize = 1024;

/// A fault asks for the connection to end with a TCP reset.
struct Reset;

/// Bytes and when they arrive; no bytes mean that the sender has closed.
type Chunk = (Instant, Vec<u8>);

/// One direction of a connection.
struct Way<'a> {
    direction: Direction,
    faults: watch::Receiver<Faults>,
    totals: &'a Totals,
    /// Whether the client has been given bytes since it last spoke.
    client_has_listened: &'a AtomicBool,
}

/// Carries a connection until both sides have closed it or a fault resets it.
pub(super) async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    mut faults: watch::Receiver<Faults>,
    totals: Arc<Totals>,
) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let client_has_listened = AtomicBool::new(true);
    let way = |direction| Way {
        direction,
        faults: faults.clone(),
        totals: &totals,
        client_has_listened: &client_has_listened,
    };
    let (there, back) = (way(Direction::ToServer), way(Direction::ToClient));
    let (client_read, client_write) = client.split();
    let (server_read, server_write) = server.split();
    let carried = async {
        tokio::try_join!(there.carry(client_read, server_write), back.carry(server_read, client_write))
    };
    let generation = faults.borrow_and_update().generation;
    let ended = tokio::select! {
        ended = carried => ended.map(|_| ()),
        _ = faults.wait_for(|now| now.generation != generation) => Err(Reset),
    };
    if ended.is_err() {
        for socket in [&client, &server] {
            let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
        }
    }
}

impl Way<'_> {
    async fn carry(mut self, from: ReadHalf<'_>, to: WriteHalf<'_>) -> Result<(), Reset> {
        let (sender, receiver) = mpsc::channel(CHUNKS_UNDER_WAY_MAX);
        let listened = (self.direction == Direction::ToClient).then_some(self.client_has_listened);
        let (taken, ()) = tokio::join!(self.take(from, sender), deliver(receiver, to, listened));
        taken
    }

    /// Reads until the sender closes. What was read before a reset is still delivered.
    async fn take(&mut self, mut from: ReadHalf<'_>, delivery: mpsc::Sender<Chunk>) -> Result<(), Reset> {
        loop {
            let mut bytes = vec![0; CHUNK_BYTES_MAX];
            let length = from.read(&mut bytes).await.unwrap_or(0);
            bytes.truncate(length);
            let read_before = self.count(length);
            let direction = self.direction;
            let held = |now: &Faults| {
                now.flow(direction) == Flow::Held || (length == 0 && now.flow(direction) != Flow::Forwarded)
            };
            let now = *self.faults.wait_for(|now| !held(now)).await.map_err(|_| Reset)?;
            if now.flow(direction) == Flow::Swallowed {
                continue;
            }
            let allowed = self.allowed(now, read_before, length);
            bytes.truncate(allowed);
            let cut = allowed < length;
            let receiver_is_gone = !(cut && allowed == 0)
                && delivery.send((Instant::now() + now.delay(direction), bytes)).await.is_err();
            if cut {
                return Err(Reset);
            }
            if length == 0 || receiver_is_gone {
                return Ok(());
            }
        }
    }

    /// Adds to the totals and returns how many bytes of this direction there were before.
    fn count(&self, length: usize) -> u64 {
        let spoke = self.direction == Direction::ToServer && length > 0;
        if spoke && self.client_has_listened.swap(false, Ordering::Relaxed) {
            self.totals.round_trips.fetch_add(1, Ordering::Relaxed);
        }
        let total = match self.direction {
            Direction::ToServer => &self.totals.to_server,
            Direction::ToClient => &self.totals.to_client,
        };
        total.fetch_add(length as u64, Ordering::Relaxed)
    }

    /// Returns how many of these bytes may pass before the cut.
    fn allowed(&self, now: Faults, read_before: u64, length: usize) -> usize {
        match now.cut_after {
            Some(bytes) if self.direction == Direction::ToClient => {
                let left = (now.cut_from + bytes).saturating_sub(read_before);
                usize::try_from(left).map_or(length, |left| left.min(length))
            }
            _ => length,
        }
    }
}

/// Writes each chunk at its hour and closes this direction when the sender did.
async fn deliver(mut chunks: mpsc::Receiver<Chunk>, mut to: WriteHalf<'_>, listened: Option<&AtomicBool>) {
    while let Some((arrival, bytes)) = chunks.recv().await {
        tokio::time::sleep_until(arrival).await;
        let written = if bytes.is_empty() { to.shutdown().await } else { to.write_all(&bytes).await };
        if written.is_err() || bytes.is_empty() {
            return;
        }
        if let Some(listened) = listened {
            listened.store(true, Ordering::Relaxed);
        }
    }
}
