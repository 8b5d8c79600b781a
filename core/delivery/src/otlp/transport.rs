//! One signal's way to its receiver: where it is, how it is spoken to, and the client that is kept between requests.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use pgquerylens_engine::secret::Secret;
use pgquerylens_engine::tls::{OwnCertificate, client_config};
use pgquerylens_export::otlp::{Signal, json};
use pgquerylens_model::delivery::Delivery;
use tokio::time::{Instant, timeout_at};
use tonic::body::Body;

use super::{grpc, http as over_http};
use crate::parcel::retry;

/// Idle connections are closed before the common load balancers close them unseen.
const IDLE: Duration = Duration::from_secs(50);

/// How one signal gets to its receiver.
pub struct Transport {
    /// The whole URL over HTTP; scheme, host and port over gRPC. The scheme says whether TLS is used.
    pub url: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The headers of each request.
    pub headers: Headers,
    /// How bodies are compressed.
    pub compression: Compression,
    /// How long one request may take.
    pub timeout: Duration,
    /// The certificates to trust in place of the system's.
    pub certificate: Option<PathBuf>,
    /// Our own, for receivers that want to know who we are.
    pub client: Option<ClientCertificate>,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("url", &without_secrets(&self.url))
            .field("protocol", &self.protocol)
            .field("compression", &self.compression)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Returns a URL without what may be a secret: user, password, query.
fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let place = rest.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() { place.to_owned() } else { format!("{scheme}://{place}") }
}

/// What we show a receiver that wants to know who we are: files of PEM, read anew when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate and what it is signed by.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// The transports of OTLP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// `http/protobuf`.
    #[default]
    HttpProtobuf,
    /// `http/json`.
    HttpJson,
    /// `grpc`.
    Grpc,
}

/// How bodies are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip.
    #[default]
    Gzip,
    /// Zstandard.
    Zstd,
}

/// Gives the headers of a request, as they are now: secrets may be rotated. The error is in words and names no secret.
pub struct Headers(Box<HeaderSource>);

type HeaderSource = dyn Fn() -> BoxFuture<'static, Result<Vec<(String, Secret)>, String>> + Send + Sync;

impl Headers {
    /// Wraps a source.
    pub fn new(
        source: impl Fn() -> BoxFuture<'static, Result<Vec<(String, Secret)>, String>> + Send + Sync + 'static,
    ) -> Headers {
        Headers(Box::new(source))
    }
}

/// Returns a source of no headers.
pub fn no_headers() -> Headers {
    Headers::new(|| Box::pin(async { Ok(Vec::new()) }))
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Headers(***)")
    }
}

/// Why there is no way to a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportError {
    /// What the URL is, without what may be a secret in it.
    pub url: String,
    /// What is the matter with it.
    pub why: String,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.url, self.why)
    }
}

impl std::error::Error for TransportError {}

pub(super) type HttpClient = Client<HttpsConnector<HttpConnector>, Body>;

/// A transport with its client, made when it is first needed and made anew when a certificate's file changed.
pub struct Way {
    transport: Transport,
    uri: Uri,
    client: Mutex<Option<(Vec<Option<SystemTime>>, HttpClient)>>,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.transport, f)
    }
}

impl Way {
    /// Makes a way; nothing is opened yet. Fails for a URL that nobody could be reached by.
    pub fn new(transport: Transport) -> Result<Way, TransportError> {
        let refused =
            |why: &str| TransportError { url: without_secrets(&transport.url), why: why.to_owned() };
        let uri: Uri = transport.url.parse().map_err(|_| refused("it is no URL"))?;
        let is_http = uri.scheme().is_some_and(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
        if !is_http || uri.authority().map(Authority::host).is_none_or(str::is_empty) {
            return Err(refused("write http://HOST:PORT or https://HOST:PORT"));
        }
        Ok(Way { transport, uri, client: Mutex::new(None) })
    }

    /// Sends one message, as protobuf, and says what follows from the answer.
    pub async fn send(&self, signal: Signal, message: &[u8], until: Instant) -> Delivery {
        let until = until.min(Instant::now() + self.transport.timeout);
        match timeout_at(until, self.send_whole(signal, message)).await {
            Ok(delivery) => delivery,
            Err(_) => retry(format!("{} did not answer in time", self.place())),
        }
    }

    async fn send_whole(&self, signal: Signal, message: &[u8]) -> Delivery {
        let client = match self.client() {
            Ok(client) => client,
            Err(why) => return retry(why),
        };
        let headers = match self.headers().await {
            Ok(headers) => headers,
            Err(why) => return retry(why),
        };
        let compression = self.transport.compression;
        match self.transport.protocol {
            Protocol::Grpc => {
                grpc::send(client, self.uri.clone(), signal, message, headers, compression, &self.place())
                    .await
            }
            Protocol::HttpProtobuf => {
                let request =
                    over_http::Request { uri: &self.uri, signal, is_json: false, headers, compression };
                over_http::send(&client, request, message, &self.place()).await
            }
            Protocol::HttpJson => {
                let Some(message) = json(signal, message) else {
                    return Delivery::Refused { why: "the outbox holds no message of OTLP".to_owned() };
                };
                let request =
                    over_http::Request { uri: &self.uri, signal, is_json: true, headers, compression };
                over_http::send(&client, request, &message, &self.place()).await
            }
        }
    }

    /// Where the receiver is, without what a URL may hold besides.
    fn place(&self) -> String {
        let path = self.uri.path_and_query().map(PathAndQuery::path).filter(|path| *path != "/");
        let authority = self.uri.authority().map(Authority::as_str).unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        format!("{host}{}", path.unwrap_or_default())
    }

    async fn headers(&self) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in (self.transport.headers.0)().await? {
            let unfit = |_| {
                format!("the header {name} cannot be sent: its name or value has letters that no header has")
            };
            let value = HeaderValue::from_str(value.expose()).map_err(|_| unfit(()))?;
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit(()))?;
            headers.insert(key, sensitive(value));
        }
        Ok(headers)
    }

    fn client(&self) -> Result<HttpClient, String> {
        let changed = self.file_times();
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = kept.as_ref().filter(|(times, _)| *times == changed) {
            return Ok(client.clone());
        }
        let client = self.make_client()?;
        *kept = Some((changed, client.clone()));
        Ok(client)
    }

    fn file_times(&self) -> Vec<Option<SystemTime>> {
        let client = self.transport.client.iter().flat_map(|client| [&client.certificate, &client.key]);
        let files = self.transport.certificate.iter().chain(client);
        files.map(|file| std::fs::metadata(file).and_then(|of| of.modified()).ok()).collect()
    }

    fn make_client(&self) -> Result<HttpClient, String> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(self.transport.timeout));
        let own = self.transport.client.as_ref();
        let own = own.map(|own| OwnCertificate { certificate: &own.certificate, key: &own.key });
        let builder = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(client_config(self.transport.certificate.as_deref(), own)?)
            .https_or_http();
        let is_grpc = self.transport.protocol == Protocol::Grpc;
        let connector = match is_grpc {
            true => builder.enable_http2().wrap_connector(tcp),
            false => builder.enable_all_versions().wrap_connector(tcp),
        };
        let mut client = Client::builder(TokioExecutor::new());
        client
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http2_only(is_grpc);
        Ok(client.build(connector))
    }
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}
