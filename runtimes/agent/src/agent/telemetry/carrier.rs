//! Carries messages of the OpenTelemetry exporters over our own transport: one client of HTTP, one TLS, and none of the
//! headers that the library takes from variables, which are for what is read of servers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use pgquerylens_delivery::otlp::{Transport, TransportError, Way};
use pgquerylens_export::otlp::Signal;
use pgquerylens_model::delivery::Delivery;
use tokio::time::Instant;

/// One signal's way to the receiver.
#[derive(Clone, Debug)]
pub(super) struct Carrier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    way: Way,
    signal: Signal,
    timeout: Duration,
    /// What the last answer that was no acceptance said: the library has no words for it.
    trouble: Mutex<Option<String>>,
}

impl Carrier {
    /// Makes a way; nothing is opened yet. Fails for a URL that nobody could be reached by.
    pub(super) fn new(transport: Transport, signal: Signal) -> Result<Carrier, TransportError> {
        let timeout = transport.timeout;
        let way = Way::new(transport)?;
        Ok(Carrier(Arc::new(Inner { way, signal, timeout, trouble: Mutex::default() })))
    }

    /// Takes what went wrong since this was asked last.
    pub(super) fn take_trouble(&self) -> Option<String> {
        self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, trouble: String) {
        *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }
}

#[async_trait]
impl HttpClient for Carrier {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let until = Instant::now() + self.0.timeout;
        let why = match self.0.way.send(self.0.signal, request.body(), until).await {
            Delivery::Accepted => return Ok(Response::new(Bytes::new())),
            // The rest arrived, and what was rejected will not be taken later either.
            Delivery::Partial { rejected, why } => {
                self.note(format!("{rejected} rejected: {why}"));
                return Ok(Response::new(Bytes::new()));
            }
            Delivery::Retry { why, .. } | Delivery::TooLarge { why } | Delivery::Refused { why } => why,
        };
        self.note(why.clone());
        Err(why.into())
    }
}
