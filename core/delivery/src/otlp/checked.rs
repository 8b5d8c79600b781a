//! A client that takes answers of gRPC alone. What stands in front of a receiver answers in HTML, and that must not be
//! read as the receiver's word: the client of gRPC would make a refusal of it.

use std::fmt;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response, StatusCode};
use tonic::body::Body;
use tower_service::Service;

use super::transport::HttpClient;

/// The client.
#[derive(Clone, Debug)]
pub(super) struct Checked(pub(super) HttpClient);

/// An answer that is not gRPC's.
#[derive(Debug)]
pub(super) struct NotGrpc {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
}

impl fmt::Display for NotGrpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an answer {} that is not gRPC's", self.status)
    }
}

impl std::error::Error for NotGrpc {}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

impl Service<Request<Body>> for Checked {
    type Response = Response<hyper::body::Incoming>;
    type Error = AnyError;
    type Future = BoxFuture<'static, Result<Self::Response, AnyError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), AnyError>> {
        Service::poll_ready(&mut self.0, context).map_err(AnyError::from)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.0.request(request);
        Box::pin(async move { check(answer.await?) })
    }
}

fn check<B>(answer: Response<B>) -> Result<Response<B>, AnyError> {
    let content_type = answer.headers().get(CONTENT_TYPE).map(|value| value.as_bytes());
    if content_type.is_some_and(|text| text.starts_with(b"application/grpc")) {
        return Ok(answer);
    }
    let (parts, _) = answer.into_parts();
    Err(Box::new(NotGrpc { status: parts.status, headers: parts.headers }))
}
