//! Exporters of OTLP in every form, towards a receiver.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_delivery::otlp::{
    ClientCertificate, Compression, Headers, Otlp, OtlpSettings, Protocol, Transport, no_headers,
};
use pgquerylens_engine::secret::Secret;
use pgquerylens_export::otlp::Encoding;
use pgquerylens_sandbox::receiver::{Receiver, Signal};

/// How an exporter speaks, and with what.
#[derive(Clone, Debug)]
pub struct Form {
    /// Its name.
    pub name: &'static str,
    /// The protocol.
    pub protocol: Protocol,
    /// How bodies are packed.
    pub compression: Compression,
    /// The headers of each request.
    pub headers: Vec<(&'static str, &'static str)>,
    /// How long one request may take.
    pub timeout: Duration,
    /// The authority to trust.
    pub authority: Option<PathBuf>,
    /// What is shown to the receiver.
    pub client: Option<ClientCertificate>,
    /// How a poll is encoded.
    pub encoding: Encoding,
    /// The most bytes that may wait.
    pub outbox_bytes: usize,
}

impl Form {
    /// How many requests of one exporter may be under way at the same time.
    pub const CONCURRENCY: usize = 4;

    /// Returns an exporter's usual form in this protocol.
    pub fn of(protocol: Protocol) -> Form {
        Form {
            name: "otel",
            protocol,
            compression: Compression::default(),
            headers: Vec::new(),
            timeout: Duration::from_secs(10),
            authority: None,
            client: None,
            encoding: Encoding::default(),
            outbox_bytes: 16 << 20,
        }
    }

    /// Returns the usual form in each protocol.
    pub fn each() -> [Form; 3] {
        [Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson].map(Form::of)
    }

    /// Returns every protocol with every compression.
    pub fn all() -> Vec<Form> {
        let packed = [Compression::None, Compression::Gzip, Compression::Zstd];
        let of_each = |form: Form| packed.map(|compression| Form { compression, ..form.clone() });
        Form::each().into_iter().flat_map(of_each).collect()
    }

    /// Makes the exporter to a receiver.
    pub fn to(&self, receiver: &Receiver) -> Arc<Exporter> {
        self.to_url(&receiver.url())
    }

    /// Makes the exporter to a URL of scheme, host and port.
    pub fn to_url(&self, url: &str) -> Arc<Exporter> {
        let settings = OtlpSettings {
            name: self.name.to_owned(),
            metrics: self.transport(url, Signal::Metrics),
            logs: self.transport(url, Signal::Logs),
            encoding: self.encoding,
            outbox_bytes: self.outbox_bytes,
            concurrency: Form::CONCURRENCY,
        };
        Arc::new(Exporter::Otlp(Box::new(Otlp::new(settings).expect("the URL is one"))))
    }

    fn transport(&self, url: &str, signal: Signal) -> Transport {
        let path = if self.protocol == Protocol::Grpc { "" } else { signal.path() };
        Transport {
            url: format!("{url}{path}"),
            protocol: self.protocol,
            headers: headers(&self.headers),
            compression: self.compression,
            timeout: self.timeout,
            certificate: self.authority.clone(),
            client: self.client.clone(),
        }
    }
}

fn headers(pairs: &[(&'static str, &'static str)]) -> Headers {
    if pairs.is_empty() {
        return no_headers();
    }
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::from(*value))).collect();
    Headers::new(move || {
        let pairs = pairs.clone();
        Box::pin(async { Ok(pairs) })
    })
}
