//! Counts what crosses a connection, below TLS, so that a poll can say what it cost in bytes and round trips.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The running counts of one connection.
#[derive(Debug, Default)]
pub struct Traffic {
    sent: AtomicU64,
    received: AtomicU64,
    read_bursts: AtomicU64,
    awaiting: AtomicBool,
}

impl Traffic {
    /// Returns the bytes sent so far, with the overhead of TLS.
    pub fn sent_bytes(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Returns the bytes received so far, with the overhead of TLS.
    pub fn received_bytes(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Returns how often something was received after something had been sent: the round trips, including those of
    /// the login. What is pipelined counts once.
    pub fn read_bursts(&self) -> u64 {
        self.read_bursts.load(Ordering::Relaxed)
    }

    fn count_sent(&self, bytes: usize) {
        if bytes > 0 {
            self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
            self.awaiting.store(true, Ordering::Relaxed);
        }
    }

    fn count_received(&self, bytes: usize) {
        if bytes > 0 {
            self.received.fetch_add(bytes as u64, Ordering::Relaxed);
            if self.awaiting.swap(false, Ordering::Relaxed) {
                self.read_bursts.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// A stream whose bytes are counted.
pub(super) struct Counted<S> {
    inner: S,
    traffic: Arc<Traffic>,
}

impl<S> Counted<S> {
    pub(super) fn new(inner: S, traffic: Arc<Traffic>) -> Self {
        Self { inner, traffic }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        self.traffic.count_received(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, buffer))?;
        self.traffic.count_sent(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(context, buffers))?;
        self.traffic.count_sent(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn bytes_and_round_trips_are_counted() {
        let (near, mut far) = tokio::io::duplex(64);
        let traffic = Arc::new(Traffic::default());
        let mut near = Counted::new(near, traffic.clone());
        let mut buffer = [0; 8];
        for _ in 0..3 {
            near.write_all(b"ask").await.unwrap();
            near.write_all(b"more").await.unwrap();
            far.write_all(b"one").await.unwrap();
            let read = near.read(&mut buffer).await.unwrap();
            far.write_all(b"two").await.unwrap();
            assert_eq!(read + near.read(&mut buffer).await.unwrap(), 6);
        }
        assert_eq!((traffic.sent_bytes(), traffic.received_bytes(), traffic.read_bursts()), (21, 18, 3));
    }
}
