//! Who we are to a receiver of what we tell of ourselves.

use std::collections::BTreeMap;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

/// Returns it. What the user says of everything that is exported wins over what we say. The instance is the process:
/// its counts begin with it.
pub(super) fn resource(said: &BTreeMap<String, String>, hostname: Option<&str>, pid: u32) -> Resource {
    let mut attributes = BTreeMap::from([
        ("service.name".to_owned(), "pgquerylens".to_owned()),
        ("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ]);
    attributes.extend(hostname.into_iter().flat_map(|hostname| {
        [
            ("host.name".to_owned(), hostname.to_owned()),
            ("service.instance.id".to_owned(), format!("{hostname}:{pid}")),
        ]
    }));
    attributes.extend(said.clone());
    let pairs = attributes.into_iter().map(|(key, value)| KeyValue::new(key, value));
    Resource::builder_empty().with_attributes(pairs).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(said: &[(&str, &str)], hostname: Option<&str>) -> Vec<String> {
        let said = said.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let resource = resource(&said, hostname, 7);
        let mut pairs: Vec<String> = resource.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.sort();
        pairs
    }

    #[test]
    fn what_the_user_says_wins() {
        let version = format!("service.version={}", env!("CARGO_PKG_VERSION"));
        assert_eq!(shown(&[], None), ["service.name=pgquerylens", &version]);
        assert_eq!(
            shown(&[("service.name", "lens"), ("team", "shop")], Some("box")),
            ["host.name=box", "service.instance.id=box:7", "service.name=lens", &version, "team=shop"]
        );
    }
}
