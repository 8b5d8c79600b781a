//! A double of the endpoint at which a container learns who it is, ours and none of Amazon's: of an ECS task, and of an EKS
//! pod by its identity agent, which asks for the token of a file besides. Each answer has a key of its own, so that one
//! sees how often credentials were renewed.
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::json;

use crate::Result;
use crate::serving::{Answer, Serving};

/// The path that is asked for; any other is unknown.
const PATH: &str = "/v1/credentials";

/// A running double. Dropping it closes its port and all connections.
#[derive(Debug)]
pub struct CredentialsDouble {
    serving: Serving,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    lasting: Duration,
    token: Option<String>,
    given: AtomicUsize,
}

impl CredentialsDouble {
    /// Starts one whose credentials last for so long, for whoever shows the token if there is one.
    pub async fn start(lasting: Duration, token: Option<&str>) -> Result<CredentialsDouble> {
        let shared =
            Arc::new(Shared { lasting, token: token.map(str::to_owned), given: AtomicUsize::default() });
        let asked = Arc::clone(&shared);
        let serving = Serving::start("a container's credentials", move |request: Request<Incoming>| {
            let answer = answer(&request, &asked);
            async move { Ok::<_, Infallible>(answer) }
        });
        Ok(CredentialsDouble { serving: serving.await?, shared })
    }

    /// Returns its address, for AWS_CONTAINER_CREDENTIALS_FULL_URI.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.serving.port)
    }

    /// Returns how often credentials were given.
    pub fn given(&self) -> usize {
        self.shared.given.load(Ordering::Relaxed)
    }
}

fn answer(request: &Request<Incoming>, shared: &Shared) -> Answer {
    let shown = request.headers().get(AUTHORIZATION).and_then(|token| token.to_str().ok());
    let (status, said) = match (request.method(), request.uri().path()) {
        (&Method::GET, PATH) if shown == shared.token.as_deref() => (StatusCode::OK, credentials(shared)),
        (&Method::GET, PATH) => (StatusCode::UNAUTHORIZED, json!({"code": "AccessDenied", "message": "no"})),
        _ => (StatusCode::NOT_FOUND, json!({"code": "NotFound", "message": "no such path"})),
    };
    let mut answer = Response::new(Full::new(Bytes::from(said.to_string())));
    *answer.status_mut() = status;
    answer
}

#[expect(clippy::disallowed_methods, reason = "credentials end at a moment of the wall clock")]
fn credentials(shared: &Shared) -> serde_json::Value {
    let number = shared.given.fetch_add(1, Ordering::Relaxed);
    json!({
        "AccessKeyId": format!("ASIADOUBLE{number}"),
        "SecretAccessKey": "a-key-that-nobody-sees",
        "Token": "a-session-token-that-nobody-sees",
        "Expiration": humantime::format_rfc3339_seconds(SystemTime::now() + shared.lasting).to_string(),
    })
}
