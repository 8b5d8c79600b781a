//! How the double answers. What it does not know is refused, so that nothing passes by accident.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;

use super::logs::{self, Log};
use super::{Fault, Fleet, Shared};
use crate::serving::Answer;

const VERSION: &str = "2014-10-31";
const ACCOUNT: &str = "123456789012";
const NAMESPACE: &str = "http://rds.amazonaws.com/doc/2014-10-31/";
/// How often Enhanced Monitoring of every instance writes, in seconds.
const INTERVAL: u32 = 60;
/// How many entries a page of instances or clusters may have; the most of them without a word.
const PAGE: RangeInclusive<usize> = 20..=100;
/// What every request has.
const COMMON: [&str; 2] = ["Action", "Version"];

pub(super) type Form = BTreeMap<String, String>;

/// A refusal: status, code and message.
pub(super) type Refusal = (u16, &'static str, &'static str);

pub(super) async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Answer, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let form = form(&String::from_utf8_lossy(&body));
    let mut kept = shared.kept();
    let done = match kept.faults.pop_front() {
        Some(fault) => Err(refusal(fault)),
        None => {
            let log = kept.log.clone();
            region(&head.headers).and_then(|region| done(&form, &region, &shared.fleet, log.as_ref()))
        }
    };
    let (status, text) = match done {
        Ok(text) => (200, text),
        Err((status, code, message)) => (status, error(status, code, message)),
    };
    let said = |name: &str| form.get(name).map_or("-", String::as_str);
    kept.requests.push(format!("{} {} {status}", said("Action"), said("Marker")));
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    Ok(answer)
}

fn refusal(fault: Fault) -> Refusal {
    match fault {
        Fault::Throttled => (400, "Throttling", "Rate exceeded"),
        Fault::Denied => (403, "AccessDenied", "User is not authorized to perform this action"),
        Fault::Unavailable => (503, "ServiceUnavailable", "The service is unavailable"),
    }
}

/// The region stands in the scope of the signature: key, date, region, service.
fn region(headers: &HeaderMap) -> Result<String, Refusal> {
    let signed = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let scope = signed.and_then(|signed| signed.strip_prefix("AWS4-HMAC-SHA256 Credential="));
    let mut scope = scope.unwrap_or_default().split('/').skip(2);
    match (scope.next(), scope.next()) {
        (Some(region), Some("rds")) => Ok(region.to_owned()),
        _ => Err((403, "MissingAuthenticationToken", "Request is missing an authentication token")),
    }
}

fn form(body: &str) -> Form {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn done(form: &Form, region: &str, fleet: &Fleet, log: Option<&Log>) -> Result<String, Refusal> {
    if form.get("Version").is_none_or(|version| version != VERSION) {
        return Err((400, "InvalidAction", "The version is not known"));
    }
    match form.get("Action").map(String::as_str) {
        Some("DescribeDBInstances") => {
            is_known(form, &["MaxRecords", "Marker", "DBInstanceIdentifier"])?;
            let wanted = form.get("DBInstanceIdentifier");
            let is_wanted = |at: &usize| wanted.is_none_or(|wanted| *wanted == fleet.instances[*at].0);
            let entries: Vec<String> =
                (0..fleet.instances.len()).filter(is_wanted).map(|at| instance(at, region, fleet)).collect();
            if wanted.is_some() && entries.is_empty() {
                return Err((404, "DBInstanceNotFound", "DBInstance not found."));
            }
            page_of(form, "DescribeDBInstances", "DBInstances", &entries, PAGE)
        }
        Some("DescribeDBClusters") => {
            let entries: Vec<String> =
                fleet.clusters.iter().map(|name| cluster(name, region, fleet)).collect();
            is_known(form, &["MaxRecords", "Marker"])?;
            page_of(form, "DescribeDBClusters", "DBClusters", &entries, PAGE)
        }
        Some("DescribeDBLogFiles") => logs::files(form, log),
        Some("DownloadDBLogFilePortion") => logs::portion(form, log),
        _ => Err((400, "InvalidAction", "The action is not known")),
    }
}

/// Refuses what the double does not know, so that nothing passes by accident.
pub(super) fn is_known(form: &Form, names: &[&str]) -> Result<(), Refusal> {
    let known = form.keys().all(|name| COMMON.iter().chain(names).any(|known| known == name));
    known.then_some(()).ok_or((400, "InvalidParameterValue", "The double does not know this parameter"))
}

/// Returns a parameter that is a number, if it is there.
pub(super) fn number(form: &Form, name: &str) -> Result<Option<usize>, Refusal> {
    let number = form.get(name).map(|text| text.parse());
    number.transpose().map_err(|_| (400, "InvalidParameterValue", "A parameter is no number"))
}

/// Returns the entries of a page, whose size may be within bounds.
pub(super) fn page_of(
    form: &Form,
    action: &str,
    list: &str,
    entries: &[String],
    sizes: RangeInclusive<usize>,
) -> Result<String, Refusal> {
    let size = number(form, "MaxRecords")?.unwrap_or(*sizes.end());
    if !sizes.contains(&size) {
        return Err((400, "InvalidParameterValue", "MaxRecords is out of its bounds"));
    }
    let from = Some(number(form, "Marker")?.unwrap_or(0)).filter(|from| *from < entries.len().max(1));
    let from = from.ok_or((400, "InvalidParameterValue", "The marker is invalid"))?;
    let to = entries.len().min(from + size);
    let marker = if to < entries.len() { format!("<Marker>{to}</Marker>") } else { String::new() };
    let entries = entries[from..to].concat();
    Ok(enveloped(action, &format!("<{list}>{entries}</{list}>{marker}")))
}

/// Puts a result into an answer.
pub(super) fn enveloped(action: &str, result: &str) -> String {
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>double</RequestId></ResponseMetadata></{action}Response>"
    )
}

fn instance(at: usize, region: &str, fleet: &Fleet) -> String {
    let (name, cluster) = &fleet.instances[at];
    let engine = if cluster.is_some() { "aurora-postgresql" } else { "postgres" };
    let cluster = cluster.as_ref().map(|name| format!("<DBClusterIdentifier>{name}</DBClusterIdentifier>"));
    format!(
        "<DBInstance><DBInstanceIdentifier>{name}</DBInstanceIdentifier><Engine>{engine}</Engine>\
         <EngineVersion>16.4</EngineVersion><DBInstanceStatus>available</DBInstanceStatus>{}\
         <DBInstanceClass>db.m7g.large</DBInstanceClass><MonitoringInterval>{INTERVAL}</MonitoringInterval>\
         <PerformanceInsightsEnabled>true</PerformanceInsightsEnabled>\
         <DBInstanceArn>arn:aws:rds:{region}:{ACCOUNT}:db:{name}</DBInstanceArn>\
         <DbiResourceId>db-{at}</DbiResourceId><Endpoint><Address>{name}.abc123.{region}.rds.amazonaws.com</Address>\
         <Port>5432</Port></Endpoint><IAMDatabaseAuthenticationEnabled>true</IAMDatabaseAuthenticationEnabled>\
         </DBInstance>",
        cluster.unwrap_or_default()
    )
}

fn cluster(name: &str, region: &str, fleet: &Fleet) -> String {
    let members = fleet.instances.iter().filter(|(_, cluster)| cluster.as_deref() == Some(name));
    let members = members.enumerate().map(|(at, (member, _))| {
        format!(
            "<DBClusterMember><DBInstanceIdentifier>{member}</DBInstanceIdentifier>\
             <IsClusterWriter>{}</IsClusterWriter></DBClusterMember>",
            at == 0
        )
    });
    format!(
        "<DBCluster><DBClusterIdentifier>{name}</DBClusterIdentifier><Engine>aurora-postgresql</Engine>\
         <EngineMode>provisioned</EngineMode><Status>available</Status>\
         <DBClusterArn>arn:aws:rds:{region}:{ACCOUNT}:cluster:{name}</DBClusterArn>\
         <DbClusterResourceId>cluster-{name}</DbClusterResourceId>\
         <IAMDatabaseAuthenticationEnabled>true</IAMDatabaseAuthenticationEnabled>\
         <DBClusterMembers>{}</DBClusterMembers></DBCluster>",
        members.collect::<String>()
    )
}

fn error(status: u16, code: &str, message: &str) -> String {
    let fault = if status < 500 { "Sender" } else { "Receiver" };
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{fault}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>double</RequestId></ErrorResponse>"
    )
}
