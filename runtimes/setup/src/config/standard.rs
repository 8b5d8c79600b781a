//! The variables of the OpenTelemetry specification (OpenTelemetry Protocol Exporter, Environment Variable
//! Specification), and others that are not ours, as layers below everything that is.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use pgquerylens_engine::secret::Secret;

use super::document::shown;
use super::layer::{Layer, Origin, Setting};
use super::mistake::Mistake;
use super::secret_source::SecretSource;
use super::section::{is_header_name, is_header_value};
use super::value::Value;
use crate::options::{Kind, OptionSpec, Section, options_in};

/// The beginning of variables that hold for every signal; a signal's own have its name behind it.
const GENERAL: &str = "OTEL_EXPORTER_OTLP_";
/// Any of these calls for an exporter where the file has none.
const CALLING: [&str; 3] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
];
/// Options that a signal cannot say otherwise: its endpoint is an option of its own.
const WITHOUT_SIGNAL: [&str; 4] = ["endpoint", "metrics-endpoint", "logs-endpoint", "temporality"];
/// The longest timeout, in milliseconds: a day.
const MAX_TIMEOUT_MS: u64 = 86_400_000;

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Metrics.
    Metrics,
    /// Log records.
    Logs,
}

impl Signal {
    /// Returns its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
        }
    }
}

/// Tells whether the environment alone calls for an exporter.
pub(super) fn call_for_exporter(variables: &BTreeMap<String, String>) -> bool {
    CALLING.iter().any(|name| said(variables, name).is_some())
}

/// Returns what standard variables say about a section.
pub(super) fn layer(
    section: Section,
    variables: &BTreeMap<String, String>,
    mistakes: &mut Vec<Mistake>,
) -> Layer {
    read(section, variables, mistakes, |option| option.standard.map(str::to_owned))
}

/// Returns what standard variables say about one signal of an exporter alone.
pub(super) fn signal_layer(
    signal: Signal,
    variables: &BTreeMap<String, String>,
    mistakes: &mut Vec<Mistake>,
) -> Layer {
    read(Section::Otlp, variables, mistakes, |option| {
        let rest = option.standard?.strip_prefix(GENERAL)?;
        let has_signal = !WITHOUT_SIGNAL.contains(&option.key());
        has_signal.then(|| format!("{GENERAL}{}_{rest}", signal.name().to_uppercase()))
    })
}

fn read(
    section: Section,
    variables: &BTreeMap<String, String>,
    mistakes: &mut Vec<Mistake>,
    variable: impl Fn(&OptionSpec) -> Option<String>,
) -> Layer {
    let mut layer = Layer::default();
    for option in options_in(section) {
        let Some(name) = variable(option) else { continue };
        let Some(text) = said(variables, &name) else { continue };
        let written = if option.may_hold_secret() { name.clone() } else { format!("{name}={}", shown(text)) };
        match value(option, text) {
            Ok(value) => {
                layer.0.insert(option.key(), Setting { value, origin: Origin::Variable(name), written });
            }
            Err(instead) => mistakes.push(Mistake::outside(written, instead)),
        }
    }
    layer
}

fn said<'v>(variables: &'v BTreeMap<String, String>, name: &str) -> Option<&'v str> {
    variables.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// Reads a value as the specification writes it, which differs from ours for times, lists and one word.
fn value(option: &OptionSpec, text: &str) -> Result<Value, String> {
    match option.kind {
        Kind::Duration => milliseconds(text).map(Value::Duration),
        Kind::Labels => Ok(Value::Labels(pairs(text)?.into_iter().collect())),
        Kind::Headers => headers(text).map(Value::Headers),
        // Our counters are observed, and those are cumulative under this preference.
        Kind::Choice(_) if option.key() == "temporality" && text.eq_ignore_ascii_case("lowmemory") => {
            Ok(Value::Word("cumulative"))
        }
        kind => Value::read(kind, text),
    }
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(number @ 1..=MAX_TIMEOUT_MS) => Ok(Duration::from_millis(number)),
        _ => Err("it counts in milliseconds: write 10000 for 10 s".to_owned()),
    }
}

/// Reads name=value,name=value with percent signs for what would be mistaken, as W3C Baggage has it.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let decoded = |text: &str| {
        let decoded = percent_decode_str(text.trim()).decode_utf8();
        decoded.map(String::from).map_err(|_| "what the percent signs stand for is not UTF-8".to_owned())
    };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or(PAIRS)?;
        Ok((decoded(name)?, decoded(value)?))
    };
    text.split(',').filter(|pair_text| !pair_text.trim().is_empty()).map(pair).collect()
}

const PAIRS: &str = "write name=value,name=value, and %2C for a comma in a value";

fn headers(text: &str) -> Result<BTreeMap<String, SecretSource>, String> {
    let pairs = pairs(text)?;
    fit(&pairs)?;
    Ok(pairs.into_iter().map(|(name, value)| (name, SecretSource::Text(value.into()))).collect())
}

/// Reads the headers that are in a secret: a JSON object of texts, or pairs as the variable has them. No error shows a value.
pub fn secret_headers(text: &str) -> Result<Vec<(String, Secret)>, String> {
    let object = serde_json::from_str::<BTreeMap<String, String>>(text).ok();
    let pairs = match object {
        Some(object) => object.into_iter().collect(),
        None => pairs(text)
            .map_err(|_| "write JSON, {\"api-key\": \"…\"}, or name=value,name=value".to_owned())?,
    };
    fit(&pairs)?;
    Ok(pairs.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), Secret::from(value))).collect())
}

fn fit(pairs: &[(String, String)]) -> Result<(), String> {
    match pairs.iter().all(|(name, value)| is_header_name(name) && is_header_value(value)) {
        true => Ok(()),
        false => Err("a header's name has letters, digits and -, its value visible ASCII letters".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn check(
        read: impl Fn(&BTreeMap<String, String>, &mut Vec<Mistake>) -> Layer,
        pairs: &[(&str, &str)],
    ) -> String {
        let mut mistakes = Vec::new();
        let layer = read(&variables(pairs), &mut mistakes);
        let values = layer.0.iter().map(|(key, setting)| format!("{key} {}", setting.value));
        let mistakes = mistakes.iter().map(|mistake| format!("{}: {}", mistake.what, mistake.instead));
        values.chain(mistakes).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn headers_in_a_secret_are_json_or_pairs() {
        let read = |text: &str| {
            let headers = secret_headers(text)?;
            let shown = headers.iter().map(|(name, value)| format!("{name}={}", value.expose()));
            Ok::<_, String>(shown.collect::<Vec<_>>().join("&"))
        };
        assert_eq!(read(r#"{"Api-Key": "a,b", "x": "="}"#).as_deref(), Ok("api-key=a,b&x=="));
        assert_eq!(read("api-key=a%2Cb").as_deref(), Ok("api-key=a,b"));
        for text in ["hunter2", r#"{"api-key": 7}"#, "a b=hunter2", "a=hunter\n2"] {
            assert!(read(text).is_err_and(|why| !why.contains("hunter")), "{text}");
        }
    }

    #[test]
    fn values_are_read_as_the_specification_writes_them() {
        let told = check(
            |variables, mistakes| layer(Section::Otlp, variables, mistakes),
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b%2Cc , other = x"),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
                ("OTEL_EXPORTER_OTLP_INSECURE", "TRUE"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", ""),
                ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "LowMemory"),
            ],
        );
        expect_test::expect![[r#"
            compression none
            endpoint http://collector:4318
            headers {api-key: ***, other: ***}
            insecure true
            temporality cumulative
            timeout 2s 500ms"#]]
        .assert_eq(&told);
        let read = headers("api-key=a%20b%2Cc").unwrap();
        assert_eq!(read["api-key"], SecretSource::Text("a b,c".into()));
    }

    #[test]
    fn a_signal_has_variables_of_its_own() {
        let told = check(
            |variables, mistakes| signal_layer(Signal::Logs, variables, mistakes),
            &[
                ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "100"),
                ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "200"),
                ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc"),
                ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://x"),
            ],
        );
        assert_eq!(told, "protocol grpc\ntimeout 100ms");
    }

    #[test]
    fn resource_attributes_are_decoded() {
        let told = check(
            |variables, mistakes| layer(Section::Process, variables, mistakes),
            &[("OTEL_RESOURCE_ATTRIBUTES", "team=a%3Db,env=prod"), ("OTEL_SERVICE_NAME", "pgquerylens")],
        );
        assert_eq!(told, "resource-attributes {env: prod, team: a=b}\nservice-name pgquerylens");
    }

    #[test]
    fn mistakes_name_the_variable_and_no_secret() {
        let told = check(
            |variables, mistakes| layer(Section::Otlp, variables, mistakes),
            &[
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
                ("OTEL_EXPORTER_OTLP_HEADERS", "hush"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grcp"),
            ],
        );
        expect_test::expect![[r#"
            OTEL_EXPORTER_OTLP_PROTOCOL=grcp: did you mean grpc? It is one of http/protobuf, http/json, grpc
            OTEL_EXPORTER_OTLP_HEADERS: write name=value,name=value, and %2C for a comma in a value
            OTEL_EXPORTER_OTLP_TIMEOUT=10s: it counts in milliseconds: write 10000 for 10 s"#]]
        .assert_eq(&told);
    }
}
