//! OTLP over gRPC: one unary call per message. The message is protobuf already, so the codec hands bytes through.

use bytes::{Buf, BufMut, Bytes};
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};
use pgquerylens_export::otlp::Signal;
use pgquerylens_model::delivery::Delivery;
use tonic::client::Grpc;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use super::Compression;
use super::answer::{PartialSuccess, of_grpc, of_http};
use super::checked::{Checked, NotGrpc};
use super::http::root_of;
use super::transport::HttpClient;
use crate::parcel::retry;

const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

pub(super) async fn send(
    client: HttpClient,
    origin: Uri,
    signal: Signal,
    message: &[u8],
    headers: HeaderMap,
    compression: Compression,
    place: &str,
) -> Delivery {
    // Receivers pack their answers as requests were packed, or as they like.
    let mut grpc = Grpc::with_origin(Checked(client), origin)
        .max_decoding_message_size(MAX_ANSWER_BYTES)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd);
    grpc = match compression {
        Compression::None => grpc,
        Compression::Gzip => grpc.send_compressed(CompressionEncoding::Gzip),
        Compression::Zstd => grpc.send_compressed(CompressionEncoding::Zstd),
    };
    if let Err(error) = grpc.ready().await {
        return retry(format!("connect to {place}: {}", root_of(&*error)));
    }
    let mut request = Request::new(Bytes::copy_from_slice(message));
    *request.metadata_mut() = MetadataMap::from_headers(headers);
    let path = PathAndQuery::from_static(match signal {
        Signal::Metrics => METRICS,
        Signal::Logs => LOGS,
        Signal::Traces => TRACES,
    });
    match grpc.unary(request, path, Raw).await {
        Ok(answer) => PartialSuccess::of_protobuf(signal, &answer.into_inner()).map_or_else(
            || retry(format!("{place} answers, but not as OTLP does")),
            PartialSuccess::delivery,
        ),
        Err(status) => of_status(&status, place),
    }
}

/// A status with a cause is our own client's: the connection's trouble, or an answer that is not gRPC's.
fn of_status(status: &Status, place: &str) -> Delivery {
    let Some(cause) = std::error::Error::source(status) else { return of_grpc(status, place) };
    match cause.downcast_ref::<NotGrpc>() {
        Some(other) if !other.status.is_success() => of_http(other.status, &other.headers, place),
        Some(other) => retry(format!("{place} answers {}, but not as gRPC does", other.status)),
        None => retry(format!("send to {place}: {}", root_of(cause))),
    }
}

/// Hands bytes through.
#[derive(Clone, Copy, Debug)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
