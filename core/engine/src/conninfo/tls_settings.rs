//! Reads the keywords that begin with ssl into [`TlsSettings`].

use std::path::PathBuf;

use super::Environment;
use super::mistake::Mistake;
use super::settings::Settings;
use crate::tls::{ChannelBinding, ClientFiles, Negotiation, Roots, SslMode, TlsSettings, TlsVersion};

const MODES: [(&str, SslMode); 6] = [
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
];

pub(super) fn read(
    settings: &Settings,
    environment: &Environment,
    mistakes: &mut Vec<Mistake>,
) -> TlsSettings {
    let tls = TlsSettings {
        mode: settings.choice("sslmode", &MODES, mistakes),
        negotiation: settings
            .choice(
                "sslnegotiation",
                &[("postgres", Negotiation::Postgres), ("direct", Negotiation::Direct)],
                mistakes,
            )
            .unwrap_or_default(),
        roots: match settings.text("sslrootcert") {
            Some("system") => Roots::System,
            Some(path) => Roots::File(path.into()),
            None => Roots::Usual { file: usual(environment, "root.crt"), bundle: None },
        },
        client: client_files(settings, environment, mistakes),
        server_name: settings.choice("sslsni", &[("1", true), ("0", false)], mistakes).unwrap_or(true),
        min_version: min_version(settings, mistakes),
        max_version: max_version(settings, mistakes),
        channel_binding: settings
            .choice(
                "channel_binding",
                &[
                    ("disable", ChannelBinding::Disable),
                    ("prefer", ChannelBinding::Prefer),
                    ("require", ChannelBinding::Require),
                ],
                mistakes,
            )
            .unwrap_or_default(),
    };
    refuse_contradictions(&tls, mistakes);
    tls
}

/// The combinations that libpq refuses too.
fn refuse_contradictions(tls: &TlsSettings, mistakes: &mut Vec<Mistake>) {
    if tls.roots == Roots::System && tls.mode.is_some_and(|mode| mode != SslMode::VerifyFull) {
        mistakes.push(Mistake::new(
            "sslrootcert=system stands beside a weaker sslmode than verify-full",
            "write sslmode=verify-full, or name a file in sslrootcert",
        ));
    }
    if tls.negotiation == Negotiation::Direct && tls.mode.is_some_and(|mode| mode < SslMode::Require) {
        mistakes.push(Mistake::new(
            "sslnegotiation=direct stands beside an sslmode that allows an unencrypted connection",
            "write sslmode=require or stronger, or sslnegotiation=postgres",
        ));
    }
    if tls.min_version > tls.max_version {
        mistakes.push(Mistake::new(
            "ssl_min_protocol_version is above ssl_max_protocol_version",
            "leave out one of them",
        ));
    }
}

fn usual(environment: &Environment, name: &str) -> Option<PathBuf> {
    environment.home.as_ref().map(|home| home.join(".postgresql").join(name))
}

fn client_files(
    settings: &Settings,
    environment: &Environment,
    mistakes: &mut Vec<Mistake>,
) -> Option<ClientFiles> {
    #[derive(Clone, Copy, PartialEq)]
    enum Use {
        Never,
        IfAsked,
        Always,
    }
    let modes = [("disable", Use::Never), ("allow", Use::IfAsked), ("require", Use::Always)];
    match settings.choice("sslcertmode", &modes, mistakes) {
        Some(Use::Never) => return None,
        Some(Use::Always) => mistakes.push(Mistake::new(
            "sslcertmode=require is not supported",
            "leave it out: the certificate is sent whenever the server asks for one",
        )),
        Some(Use::IfAsked) | None => {}
    }
    if settings.text("sslkey").is_some_and(|key| key.contains(':')) {
        mistakes.push(Mistake::new("sslkey names an engine or URI", "name a PEM file"));
    }
    let named = settings.text("sslcert").is_some();
    Some(ClientFiles {
        certificate: settings
            .text("sslcert")
            .map(PathBuf::from)
            .or_else(|| usual(environment, "postgresql.crt"))?,
        key: settings.text("sslkey").map(PathBuf::from).or_else(|| usual(environment, "postgresql.key"))?,
        named,
    })
}

/// TLS 1.2 is the least we speak, so a lower minimum means that.
fn min_version(settings: &Settings, mistakes: &mut Vec<Mistake>) -> TlsVersion {
    let versions = [
        ("TLSv1", TlsVersion::V1_2),
        ("TLSv1.1", TlsVersion::V1_2),
        ("TLSv1.2", TlsVersion::V1_2),
        ("TLSv1.3", TlsVersion::V1_3),
    ];
    settings.choice("ssl_min_protocol_version", &versions, mistakes).unwrap_or(TlsVersion::V1_2)
}

fn max_version(settings: &Settings, mistakes: &mut Vec<Mistake>) -> TlsVersion {
    let versions = [("TLSv1.2", TlsVersion::V1_2), ("TLSv1.3", TlsVersion::V1_3)];
    settings.choice("ssl_max_protocol_version", &versions, mistakes).unwrap_or(TlsVersion::V1_3)
}
