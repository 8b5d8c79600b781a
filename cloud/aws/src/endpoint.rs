//! What the name of an RDS or Aurora endpoint tells.
//!
//! Source: "Regions, Availability Zones, and Local Zones" and "Finding the connection information" of the user guide of
//! Amazon RDS; for China the endpoints of `amazonaws.com.cn`.

/// The suffixes of endpoints, by partition. In China the service stands before the region.
const AFTER_REGION: &str = ".rds.amazonaws.com";
const CHINA: &str = ".amazonaws.com.cn";
const BEFORE_REGION: &str = "rds";

/// Behind the name of an instance stands what is its account's in the region, `abc123`; behind that of anything with
/// several instances stands what it is, too: `cluster-abc123`, `cluster-ro-abc123`, `proxy-abc123`.
const JOINT: char = '-';
const PROXY: &str = "proxy-";
const READERS: &str = "cluster-ro-";

/// Returns the region in an endpoint's name: of an instance, a cluster, a proxy, in any partition.
pub(crate) fn region(host: &str) -> Option<&str> {
    parts(host).map(|(_, region)| region)
}

/// Returns the identifier of the instance that an endpoint is of; nothing for one behind which are several.
pub(crate) fn instance(host: &str) -> Option<&str> {
    let (name, _) = parts(host)?;
    let (identifier, of_account) = name.split_once('.')?;
    let is_plain = !of_account.contains(['.', JOINT]);
    (is_plain && !identifier.is_empty() && !of_account.is_empty()).then_some(identifier)
}

/// Tells whether an endpoint is of RDS Proxy.
pub(crate) fn is_proxy(host: &str) -> bool {
    kind_of(host).is_some_and(|kind| kind.starts_with(PROXY))
}

/// Tells whether an endpoint leads to any of the readers of a cluster: of Aurora, or of a Multi-AZ cluster of RDS.
pub(crate) fn is_of_readers(host: &str) -> bool {
    kind_of(host).is_some_and(|kind| kind.starts_with(READERS))
}

/// What stands before the region: what it is, and what is its account's.
fn kind_of(host: &str) -> Option<&str> {
    let (name, _) = parts(host)?;
    name.rsplit_once('.').map(|(_, kind)| kind)
}

/// Parts an endpoint's name: what stands before region and service, and the region.
fn parts(host: &str) -> Option<(&str, &str)> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let (name, region) = match host.strip_suffix(CHINA) {
        Some(name) => {
            let (rest, last) = name.rsplit_once('.')?;
            // Endpoints of both orders exist there.
            match (last, rest.rsplit_once('.')?) {
                (BEFORE_REGION, (name, region)) | (region, (name, BEFORE_REGION)) => (name, region),
                _ => return None,
            }
        }
        None => host.strip_suffix(AFTER_REGION)?.rsplit_once('.')?,
    };
    is_region(region).then_some((name, region))
}

/// Returns what a region's partition is called in ARNs.
pub(crate) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// Tells whether a text has the form of a region: `eu-west-1`, `us-gov-west-1`.
pub(crate) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    match parts.split_last() {
        Some((number, words)) => {
            words.len() >= 2
                && words.iter().all(letters)
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_every_kind_of_endpoint() {
        for (host, expected) in [
            ("db1.abc123.eu-west-1.rds.amazonaws.com", Some("eu-west-1")),
            ("shop.cluster-abc123.us-east-2.rds.amazonaws.com", Some("us-east-2")),
            ("shop.proxy-abc123.ap-southeast-4.rds.amazonaws.com.", Some("ap-southeast-4")),
            ("db1.abc123.us-gov-west-1.rds.amazonaws.com", Some("us-gov-west-1")),
            ("db1.abc123.rds.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("db1.abc123.cn-northwest-1.rds.amazonaws.com.cn", Some("cn-northwest-1")),
            ("db.internal", None),
            ("rds.amazonaws.com", None),
            ("x.rds.amazonaws.com", None),
            ("", None),
        ] {
            assert_eq!(region(host), expected, "{host}");
        }
    }

    #[test]
    fn readers_and_proxies_are_known_by_their_names() {
        for (host, readers, proxy) in [
            ("shop.cluster-ro-abc123.us-east-2.rds.amazonaws.com", true, false),
            ("shop.cluster-ro-abc123.rds.cn-north-1.amazonaws.com.cn", true, false),
            ("shop.cluster-ro-abc123.cn-northwest-1.rds.amazonaws.com.cn.", true, false),
            ("shop.cluster-abc123.us-east-2.rds.amazonaws.com", false, false),
            ("cluster-ro-1.abc123.us-east-2.rds.amazonaws.com", false, false),
            ("readers.endpoint.proxy-abc123.us-east-2.rds.amazonaws.com", false, true),
            ("proxy-1.abc123.us-east-2.rds.amazonaws.com", false, false),
            ("shop.cluster-ro-abc123.example.com", false, false),
        ] {
            assert_eq!((is_of_readers(host), is_proxy(host)), (readers, proxy), "{host}");
        }
    }

    #[test]
    fn the_instance_is_read_where_one_alone_stands_behind() {
        for (host, expected) in [
            ("db1.abc123.eu-west-1.rds.amazonaws.com", Some("db1")),
            ("db-1.abc123.eu-west-1.rds.amazonaws.com.", Some("db-1")),
            ("db1.abc123.rds.cn-north-1.amazonaws.com.cn", Some("db1")),
            ("db1.abc123.cn-northwest-1.rds.amazonaws.com.cn", Some("db1")),
            ("shop.cluster-abc123.us-east-2.rds.amazonaws.com", None),
            ("shop.cluster-ro-abc123.us-east-2.rds.amazonaws.com", None),
            ("reports.cluster-custom-abc123.us-east-2.rds.amazonaws.com", None),
            ("shop.proxy-abc123.us-east-2.rds.amazonaws.com", None),
            ("readers.endpoint.proxy-abc123.us-east-2.rds.amazonaws.com", None),
            ("shop.shardgrp-abc123.us-east-2.rds.amazonaws.com", None),
            ("abc123.us-east-2.rds.amazonaws.com", None),
            ("db1.internal", None),
            ("127.0.0.1", None),
        ] {
            assert_eq!(instance(host), expected, "{host}");
        }
    }
}
