//! Where one signal is sent: the URL that the OpenTelemetry specification makes of an endpoint.

use super::configuration::Protocol;
use super::layer::{Layer, Origin, Setting};
use super::mistake::Mistake;
use super::standard::Signal;

const HTTP_DEFAULT: &str = "http://localhost:4318";
const GRPC_DEFAULT: &str = "http://localhost:4317";

/// Returns the URL: a signal's own endpoint as it is, the general one with the signal's path behind it over HTTP.
pub(super) fn url(layer: &Layer, signal: Signal, protocol: Protocol) -> Result<String, Mistake> {
    let insecure = layer.flag("insecure");
    match chosen(layer, signal) {
        Some((setting, text, is_own)) => {
            let base = checked(text, protocol, insecure).map_err(|instead| setting.mistake(instead))?;
            Ok(if is_own { base } else { with_path(&base, signal.name(), protocol) })
        }
        None if protocol == Protocol::Grpc => Ok(GRPC_DEFAULT.to_owned()),
        None => Ok(with_path(HTTP_DEFAULT, signal.name(), protocol)),
    }
}

/// Returns the endpoint that holds, and whether it is the signal's own. Whatever the file says wins over the environment.
fn chosen(layer: &Layer, signal: Signal) -> Option<(&Setting, &str, bool)> {
    let said = |key: &str, is_own: bool| {
        let setting = layer.get(key)?;
        Some((setting, layer.text(key)?, is_own))
    };
    let own = said(if signal == Signal::Metrics { "metrics-endpoint" } else { "logs-endpoint" }, true);
    let general = said("endpoint", false);
    let is_in_file = |said: &Option<(&Setting, &str, bool)>| {
        said.is_some_and(|(setting, ..)| matches!(setting.origin, Origin::File(_)))
    };
    if is_in_file(&general) && !is_in_file(&own) { general } else { own.or(general) }
}

/// Holds a URL against what can be sent to. What stands before @ or behind ? may be secret: it is refused, so that a URL
/// can be shown, and the one that is refused is not.
pub(super) fn checked(text: &str, protocol: Protocol, insecure: bool) -> Result<String, String> {
    let (scheme, rest) = match text.trim().split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        // A gRPC target is host:port, and TLS the rule.
        None if protocol == Protocol::Grpc && insecure => ("http".to_owned(), text.trim()),
        None if protocol == Protocol::Grpc => ("https".to_owned(), text.trim()),
        None => return Err("write the whole URL, such as https://otel.example.com:4318".to_owned()),
    };
    if scheme != "http" && scheme != "https" {
        return Err("write a URL with http:// or https://".to_owned());
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        return Err(
            "a name and password in a URL would be logged: write headers: {authorization: …}".to_owned()
        );
    }
    if rest.contains(['?', '#']) {
        return Err("what stands behind ? or # would be logged: write headers".to_owned());
    }
    if rest.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
        return Err("a URL has no blanks".to_owned());
    }
    if !is_host_and_port(host) {
        return Err("write host and port, such as https://otel.example.com:4318".to_owned());
    }
    Ok(format!("{scheme}://{rest}"))
}

fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', '[', ']']),
    };
    is_host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Puts the path of a signal, which has its name, behind that of the URL.
pub(super) fn with_path(base: &str, signal: &str, protocol: Protocol) -> String {
    match protocol {
        Protocol::Grpc => base.trim_end_matches('/').to_owned(),
        Protocol::HttpProtobuf | Protocol::HttpJson => {
            format!("{}/v1/{signal}", base.trim_end_matches('/'))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::mistake::At;
    use super::super::value::Value;
    use super::*;

    fn layer(values: &[(&'static str, &str, bool)]) -> Layer {
        let setting = |(key, text, in_file): &(&'static str, &str, bool)| {
            let origin = match in_file {
                true => Origin::File(At { line: 1, column: 1 }),
                false => Origin::Variable("OTEL".to_owned()),
            };
            (*key, Setting { value: Value::Text((*text).to_owned()), origin, written: (*key).to_owned() })
        };
        Layer(values.iter().map(setting).collect::<BTreeMap<_, _>>())
    }

    fn check(values: &[(&'static str, &str, bool)], protocol: Protocol, expected: &str) {
        let made = url(&layer(values), Signal::Metrics, protocol);
        assert_eq!(made.unwrap_or_else(|mistake| mistake.instead), expected, "{values:?}");
    }

    #[test]
    fn the_general_endpoint_gets_the_path_of_the_signal() {
        let http = Protocol::HttpProtobuf;
        check(&[("endpoint", "http://a:4318", true)], http, "http://a:4318/v1/metrics");
        check(&[("endpoint", "HTTPS://a/base/", true)], http, "https://a/base/v1/metrics");
        check(&[], http, "http://localhost:4318/v1/metrics");
        check(&[], Protocol::Grpc, "http://localhost:4317");
    }

    #[test]
    fn the_endpoint_of_a_signal_is_used_as_it_is() {
        let own = ("metrics-endpoint", "https://b/in", false);
        check(&[own, ("endpoint", "http://a", false)], Protocol::HttpJson, "https://b/in");
        check(&[own, ("endpoint", "http://a", true)], Protocol::HttpJson, "http://a/v1/metrics");
    }

    #[test]
    fn a_grpc_target_needs_no_scheme() {
        check(&[("endpoint", "a:4317", true)], Protocol::Grpc, "https://a:4317");
        check(&[("endpoint", "http://a:4317/", true)], Protocol::Grpc, "http://a:4317");
        check(&[("endpoint", "[::1]:4317", true)], Protocol::Grpc, "https://[::1]:4317");
    }

    #[test]
    fn what_cannot_be_sent_to_is_refused_without_being_shown() {
        for text in [
            "a:4318",
            "ftp://a",
            "http://",
            "http://me:hush@a",
            "http://a?key=hush",
            "http://a/#hush",
            "http://a:b",
            "http://a b",
            "http://a:0",
            "http://[x]",
        ] {
            let mistake =
                url(&layer(&[("endpoint", text, true)]), Signal::Logs, Protocol::HttpProtobuf).unwrap_err();
            assert!(!mistake.instead.contains("hush"), "{text}");
        }
    }
}
