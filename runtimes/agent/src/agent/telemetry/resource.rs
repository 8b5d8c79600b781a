//! Who we are to a receiver of what we tell of ourselves.

use std::collections::BTreeMap;

use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::Resource;
use pgquerylens_export::origin::ResourceValue;

/// Returns it. What the user says of everything that is exported wins over what we say. The instance is the process:
/// its counts begin with it.
pub(super) fn resource(said: &BTreeMap<String, ResourceValue>, hostname: Option<&str>, pid: u32) -> Resource {
    let ours = |key: &str, text: String| (key.to_owned(), ResourceValue::Text(text));
    let mut attributes = BTreeMap::from([
        ours("service.name", "pgquerylens".to_owned()),
        ours("service.version", env!("CARGO_PKG_VERSION").to_owned()),
    ]);
    attributes.extend(hostname.into_iter().flat_map(|hostname| {
        [ours("host.name", hostname.to_owned()), ours("service.instance.id", format!("{hostname}:{pid}"))]
    }));
    attributes.extend(said.clone());
    let pairs = attributes.into_iter().map(|(key, value)| KeyValue::new(key, of_sdk(value)));
    Resource::builder_empty().with_attributes(pairs).build()
}

fn of_sdk(value: ResourceValue) -> Value {
    match value {
        ResourceValue::Text(text) => text.into(),
        ResourceValue::Int(number) => number.into(),
        ResourceValue::Texts(texts) => {
            Value::Array(Array::String(texts.into_iter().map(Into::into).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(said: &[(&str, &str)], hostname: Option<&str>) -> Vec<String> {
        let said = said.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned().into())).collect();
        let resource = resource(&said, hostname, 7);
        let mut pairs: Vec<String> = resource.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.sort();
        pairs
    }

    #[test]
    fn values_keep_their_types() {
        let said = BTreeMap::from([
            ("faas.max_memory".to_owned(), ResourceValue::Int(134_217_728)),
            ("aws.log.group.names".to_owned(), ResourceValue::Texts(vec!["/poll".to_owned()])),
        ]);
        let resource = resource(&said, None, 7);
        let value = |key| resource.get(&opentelemetry::Key::new(key)).unwrap();
        assert_eq!(value("faas.max_memory"), Value::I64(134_217_728));
        let names = Array::String(vec!["/poll".to_owned().into()]);
        assert_eq!(value("aws.log.group.names"), Value::Array(names));
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
