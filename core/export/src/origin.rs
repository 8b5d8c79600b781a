//! Where figures come from, in the words of a resource: the server, what its user says of it, and who it is in the
//! eyes of OpenTelemetry's postgresqlreceiver.

use pgquerylens_model::report::UnifiedMetrics;
use uuid::Uuid;

/// A server, as far as it is known without asking it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The name its user gave it.
    pub name: String,
    /// Host name or address, or the path of a socket.
    pub address: String,
    /// The port.
    pub port: u16,
    /// The cluster it belongs to.
    pub cluster: Option<String>,
    /// Its user's own labels.
    pub labels: Vec<(String, String)>,
    /// Attributes of every resource: `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`, where a function runs.
    pub resource: Vec<(String, ResourceValue)>,
    /// The name of the machine that we run on: it stands for `localhost`.
    pub hostname: Option<String>,
}

/// The value of a resource's attribute, in the types that OpenTelemetry's conventions give to ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceValue {
    /// A string.
    Text(String),
    /// An int.
    Int(i64),
    /// An array of strings.
    Texts(Vec<String>),
}

impl From<String> for ResourceValue {
    fn from(text: String) -> ResourceValue {
        ResourceValue::Text(text)
    }
}

/// What the server itself told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// `18.4`.
    pub version: String,
    /// `primary` or `standby`.
    pub role: &'static str,
    /// Who runs it.
    pub provider: &'static str,
}

/// The namespace that OpenTelemetry's conventions name for `service.instance.id`.
const INSTANCE_NAMESPACE: Uuid = Uuid::from_u128(0x4d63_009a_8d0f_11ee_aad7_4c79_6ed8_e320);

impl ServerFacts {
    /// Returns what a poll found.
    pub fn of(metrics: &UnifiedMetrics) -> ServerFacts {
        ServerFacts {
            version: metrics.identity.version.to_string(),
            role: if metrics.identity.in_recovery { "standby" } else { "primary" },
            provider: metrics.provider.name(),
        }
    }
}

impl Origin {
    /// Returns the receiver's `service.instance.id` in its legacy layout: `host:port`, this machine's name standing
    /// for loopback addresses.
    pub fn instance_id(&self) -> String {
        match &self.hostname {
            Some(name) if self.is_loopback() => format!("{name}:{}", self.port),
            _ => format!("{}:{}", self.address, self.port),
        }
    }

    /// Returns the receiver's `service.instance.id` in its layout by the semantic conventions: a UUID of version 5
    /// made of the endpoint.
    pub fn instance_uuid(&self) -> String {
        let hostname = self.hostname.as_deref();
        let seed = match hostname {
            name if self.is_socket() => format!("unix\0{}\0{}", name.unwrap_or_default(), self.socket()),
            Some(name) if self.is_loopback() => joined(name, self.port),
            _ => joined(&self.address, self.port),
        };
        Uuid::new_v5(&INSTANCE_NAMESPACE, seed.as_bytes()).to_string()
    }

    fn is_socket(&self) -> bool {
        self.address.starts_with('/')
    }

    fn socket(&self) -> String {
        format!("{}/.s.PGSQL.{}", self.address.trim_end_matches('/'), self.port)
    }

    fn is_loopback(&self) -> bool {
        let parsed = self.address.parse::<std::net::IpAddr>();
        self.address.eq_ignore_ascii_case("localhost") || parsed.is_ok_and(|address| address.is_loopback())
    }
}

/// Go's `net.JoinHostPort`: an IPv6 address stands in brackets.
fn joined(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(address: &str) -> Origin {
        Origin {
            address: address.to_owned(),
            port: 5432,
            hostname: Some("box".to_owned()),
            ..Origin::default()
        }
    }

    #[test]
    fn the_machines_name_stands_for_loopback() {
        let ids: Vec<String> = ["localhost", "127.0.0.1", "::1", "db.example.com"]
            .iter()
            .map(|address| origin(address).instance_id())
            .collect();
        assert_eq!(ids, ["box:5432", "box:5432", "box:5432", "db.example.com:5432"]);
    }

    /// Made with Python: `uuid.uuid5(uuid.UUID("4d63009a-8d0f-11ee-aad7-4c796ed8e320"), seed)`.
    #[test]
    fn the_uuid_is_made_of_the_endpoint() {
        for (address, uuid) in [
            ("db.example.com", "165726f3-e985-53b5-9e4f-b86bb7dbeb83"),
            ("localhost", "79e2056d-99f0-5163-bc1f-3f4c74f1ecf9"),
            ("/run/postgresql", "1fbb2b5a-3899-5fd9-bf24-7c0a58498acf"),
            ("fd00::1", "95d6e587-0679-511e-a8ce-a95e85765352"),
        ] {
            assert_eq!(origin(address).instance_uuid(), uuid, "{address}");
        }
    }
}
