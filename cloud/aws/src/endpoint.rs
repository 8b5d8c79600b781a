//! What the name of an RDS or Aurora endpoint tells.
//!
//! Source: "Regions, Availability Zones, and Local Zones" and "Finding the connection information" of the user guide of
//! Amazon RDS; for China the endpoints of `amazonaws.com.cn`.

/// The suffixes of endpoints, by partition. In China the service stands before the region.
const AFTER_REGION: &str = ".rds.amazonaws.com";
const CHINA: &str = ".amazonaws.com.cn";
const BEFORE_REGION: &str = "rds";

/// Returns the region in an endpoint's name: of an instance, a cluster, a proxy, in any partition.
pub(crate) fn region(host: &str) -> Option<&str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let region = match host.strip_suffix(CHINA) {
        Some(name) => {
            let (rest, last) = name.rsplit_once('.')?;
            match last {
                // Endpoints of both orders exist there.
                BEFORE_REGION => rest.rsplit_once('.')?.1,
                region => {
                    let before = rest.rsplit_once('.').map_or(rest, |(_, before)| before);
                    (before == BEFORE_REGION).then_some(region)?
                }
            }
        }
        None => host.strip_suffix(AFTER_REGION)?.rsplit_once('.')?.1,
    };
    is_region(region).then_some(region)
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
}
