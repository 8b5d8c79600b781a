//! Where states are kept, as a user writes it: one URL, with what to write instead of a wrong one.

use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use pgquerylens_engine::secret::Secret;

use crate::names::segment_of;

/// Where states are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateUrl {
    /// As long as the process lives.
    Memory,
    /// In a folder.
    Folder(PathBuf),
    /// In an object store of a cloud.
    Bucket(Bucket),
    /// In Redis.
    Redis(RedisUrl),
}

/// A place in an object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Whose object store it is.
    pub cloud: Cloud,
    /// The bucket, or Azure's container.
    pub name: String,
    /// What all names begin with, without a slash at either end; may be empty.
    pub prefix: String,
}

/// The object stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon S3, and what speaks like it.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
}

/// A place in Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisUrl {
    /// Whether it is spoken to by TLS.
    pub tls: bool,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The user, where there is one besides `default`.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// The number of the database.
    pub database: u16,
    /// What all keys begin with, without a slash at either end.
    pub prefix: String,
}

const REDIS_PORT: u16 = 6379;
/// What keys in Redis begin with where nothing else is said.
const REDIS_PREFIX: &str = "pgquerylens";
/// The longest name of a bucket or container.
const MAX_BUCKET_BYTES: usize = 222;
/// The longest prefix: object stores take names of 1,024 bytes, a server's may have 240 and an exporter's as many.
const MAX_PREFIX_BYTES: usize = 400;

/// Other names that our schemes have elsewhere, and slips of the finger.
const MEANT: [(&str, &str); 22] = [
    ("s3a", "s3"),
    ("s3n", "s3"),
    ("aws", "s3"),
    ("minio", "s3"),
    ("gcs", "gs"),
    ("gc", "gs"),
    ("google", "gs"),
    ("azure", "az"),
    ("azblob", "az"),
    ("abfs", "az"),
    ("abfss", "az"),
    ("wasb", "az"),
    ("wasbs", "az"),
    ("blob", "az"),
    ("reddis", "redis"),
    ("redis+tls", "rediss"),
    ("valkey", "redis"),
    ("valkeys", "rediss"),
    ("files", "file"),
    ("fiel", "file"),
    ("folder", "file"),
    ("mem", "memory"),
];

impl StateUrl {
    /// Reads a URL. The error says what to write instead, and never shows a password.
    pub fn parse(text: &str) -> Result<StateUrl, String> {
        let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| !scheme.contains(['/', '.']))
        else {
            return Err(format!("write file:{text}"));
        };
        let place = rest.strip_prefix("//").unwrap_or_default();
        match scheme.to_ascii_lowercase().as_str() {
            "memory" if rest.is_empty() => Ok(StateUrl::Memory),
            "memory" => Err("write memory: alone, nothing is named in it".to_owned()),
            "file" => folder(rest).map(StateUrl::Folder),
            "s3" => bucket(Cloud::S3, place),
            "gs" => bucket(Cloud::Gcs, place),
            "az" => bucket(Cloud::Azure, place),
            "redis" => redis(false, place),
            "rediss" => redis(true, place),
            "http" | "https" => {
                Err("name the store, not its address: s3://BUCKET/PREFIX, gs://BUCKET/PREFIX \
                                     or az://CONTAINER/PREFIX"
                    .to_owned())
            }
            other => Err(unknown(other)),
        }
    }

    /// Returns the folder of a server, if its state is in one.
    pub fn folder_of(&self, server: &str) -> Option<PathBuf> {
        match self {
            StateUrl::Folder(folder) => Some(folder.join(segment_of(server))),
            _ => None,
        }
    }

    /// Returns a URL as it was written, right or wrong, without user and password.
    pub fn without_login(written: &str) -> String {
        let Some((before, after)) = written.split_once("//") else { return written.to_owned() };
        let place = after.rsplit_once('@').map_or(after, |(_, place)| place);
        format!("{before}//{place}")
    }
}

/// Joins two parts of a path, of which the first may be empty.
pub(crate) fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}

/// Shown without user and password.
impl fmt::Display for StateUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateUrl::Memory => f.write_str("memory:"),
            StateUrl::Folder(folder) => write!(f, "file:{}", folder.display()),
            StateUrl::Bucket(bucket) => {
                let scheme = bucket.cloud.scheme();
                write!(f, "{scheme}://{}", joined(&bucket.name, &bucket.prefix).trim_end_matches('/'))
            }
            StateUrl::Redis(redis) => {
                let scheme = if redis.tls { "rediss" } else { "redis" };
                let host =
                    if redis.host.contains(':') { format!("[{}]", redis.host) } else { redis.host.clone() };
                write!(f, "{scheme}://{host}:{}/{}/{}", redis.port, redis.database, redis.prefix)
            }
        }
    }
}

impl Cloud {
    /// Returns the scheme of its URLs.
    pub const fn scheme(self) -> &'static str {
        match self {
            Cloud::S3 => "s3",
            Cloud::Gcs => "gs",
            Cloud::Azure => "az",
        }
    }
}

fn unknown(scheme: &str) -> String {
    let known = "write file:PATH, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, az://CONTAINER/PREFIX, \
                 redis://HOST:PORT/DATABASE/PREFIX or memory:";
    match MEANT.iter().find(|(foreign, _)| *foreign == scheme) {
        Some((_, meant)) => format!("did you mean {meant}:? {}{}", known[..1].to_uppercase(), &known[1..]),
        None => format!("there is no store {scheme}: {known}"),
    }
}

fn folder(rest: &str) -> Result<PathBuf, String> {
    let path = match rest.strip_prefix("//") {
        None => rest,
        Some(path) if path.starts_with('/') => path,
        Some(path) => return Err(format!("after file:// comes a whole path: write file:///{path}")),
    };
    match path {
        "" | "/" => Err("the folder is missing: write file:/var/lib/pgquerylens/NAME".to_owned()),
        path => Ok(PathBuf::from(path)),
    }
}

fn bucket(cloud: Cloud, place: &str) -> Result<StateUrl, String> {
    let example = match cloud {
        Cloud::Azure => "az://CONTAINER/PREFIX",
        Cloud::S3 => "s3://BUCKET/PREFIX",
        Cloud::Gcs => "gs://BUCKET/PREFIX",
    };
    let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._$".contains(&byte);
    match name {
        "" => Err(format!("the name of the bucket or container is missing: write {example}")),
        name if name.contains('@') => Err(format!(
            "credentials and accounts do not belong into it: write {example}; docs/state.md says where they come from"
        )),
        name if name.len() > MAX_BUCKET_BYTES || !name.bytes().all(is_plain) => {
            Err(format!("no bucket or container is called so: write {example}"))
        }
        name => {
            let prefix = prefix_of(prefix)?;
            Ok(StateUrl::Bucket(Bucket { cloud, name: name.to_owned(), prefix }))
        }
    }
}

fn redis(tls: bool, place: &str) -> Result<StateUrl, String> {
    let example = "write redis://HOST:PORT/DATABASE/PREFIX";
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    let (login, address) =
        authority.rsplit_once('@').map_or((None, authority), |(login, at)| (Some(login), at));
    let (host, port) =
        host_and_port(address).ok_or_else(|| format!("it names no host and port: {example}"))?;
    let (user, password) = login.map_or((None, None), |login| {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        (decoded(user), decoded(password))
    });
    let (database, prefix) = path.split_once('/').unwrap_or((path, ""));
    let database = match database {
        "" => 0,
        number => number.parse().map_err(|_| {
            format!(
                "the number of the database comes first: write redis://{host}:{port}/0/{}",
                printable(path)
            )
        })?,
    };
    let prefix = prefix_of(prefix)?;
    Ok(StateUrl::Redis(RedisUrl {
        tls,
        host: host.to_owned(),
        port,
        user: user.filter(|user| user != "default"),
        password: password.map(Secret::from),
        database,
        prefix: if prefix.is_empty() { REDIS_PREFIX.to_owned() } else { prefix },
    }))
}

fn host_and_port(address: &str) -> Option<(&str, u16)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':').unwrap_or(port))
        }
        None => address.split_once(':').unwrap_or((address, "")),
    };
    let port = if port.is_empty() { REDIS_PORT } else { port.parse().ok()? };
    (!host.is_empty()).then_some((host, port))
}

fn decoded(text: &str) -> Option<String> {
    let decoded = percent_decode_str(text).decode_utf8_lossy().into_owned();
    (!decoded.is_empty()).then_some(decoded)
}

fn printable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(40).collect()
}

/// Reads what all names begin with. Plain letters only: what a user sees in the store is what was written.
fn prefix_of(text: &str) -> Result<String, String> {
    let prefix = text.trim_matches('/');
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._=".contains(&byte);
    let mut parts = prefix.split('/');
    match prefix {
        "" => Ok(String::new()),
        prefix if prefix.len() > MAX_PREFIX_BYTES => {
            Err(format!("its prefix is too long: write at most {MAX_PREFIX_BYTES} bytes"))
        }
        prefix
            if parts.all(|part| !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_plain)) =>
        {
            Ok(prefix.to_owned())
        }
        _ => Err(
            "its prefix has letters that make trouble in names: write letters, digits, - _ . = and single \
                  slashes"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_as_it_was_written_without_its_password() {
        for (written, shown) in [
            ("memory:", "memory:"),
            ("file:/var/lib/x", "file:/var/lib/x"),
            ("file:///var/lib/x", "file:/var/lib/x"),
            ("file:relative", "file:relative"),
            ("s3://states", "s3://states"),
            ("S3://states/prod/", "s3://states/prod"),
            ("gs://states/prod/eu", "gs://states/prod/eu"),
            ("az://states/prod", "az://states/prod"),
            ("redis://cache", "redis://cache:6379/0/pgquerylens"),
            ("rediss://u:hunter2@cache:1/3/a/b", "rediss://cache:1/3/a/b"),
            ("redis://:hunter2%40@[::1]:7/", "redis://[::1]:7/0/pgquerylens"),
        ] {
            let url = StateUrl::parse(written).unwrap();
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("hunter2"), "{url:?}");
        }
    }

    #[test]
    fn user_and_password_of_redis_are_read() {
        let StateUrl::Redis(url) = StateUrl::parse("redis://ann:a%40b@cache").unwrap() else {
            unreachable!()
        };
        assert_eq!((url.user.as_deref(), url.password), (Some("ann"), Some(Secret::from("a@b"))));
        let StateUrl::Redis(url) = StateUrl::parse("redis://default:x@cache").unwrap() else {
            unreachable!()
        };
        assert_eq!(url.user, None);
    }

    #[test]
    fn a_mistake_says_what_to_write() {
        for (written, instead) in [
            ("/var/lib/x", "write file:/var/lib/x"),
            ("states", "write file:states"),
            ("file:", "the folder is missing: write file:/var/lib/pgquerylens/NAME"),
            ("file://states", "after file:// comes a whole path: write file:///states"),
            ("s3a://b/p", "did you mean s3:? Write file:PATH, s3://"),
            ("azure://b/p", "did you mean az:? Write file:PATH, s3://"),
            ("mongodb://b", "there is no store mongodb: write file:PATH, s3://"),
            ("https://b.s3.amazonaws.com/p", "name the store, not its address: s3://BUCKET/PREFIX"),
            ("s3://", "the name of the bucket or container is missing: write s3://BUCKET/PREFIX"),
            ("s3:bucket", "the name of the bucket or container is missing"),
            (
                "s3://key:hunter2@b",
                "credentials and accounts do not belong into it: write s3://BUCKET/PREFIX",
            ),
            ("s3://b c", "no bucket or container is called so"),
            ("s3://b/a//b", "its prefix has letters that make trouble"),
            ("s3://b/../b", "its prefix has letters that make trouble"),
            ("s3://b/ü", "its prefix has letters that make trouble"),
            ("redis://:hunter2@/0", "it names no host and port"),
            ("redis://h:hunter2", "it names no host and port"),
            ("redis://h/shop", "the number of the database comes first: write redis://h:6379/0/shop"),
            ("memory:x", "write memory: alone"),
        ] {
            let mistake = StateUrl::parse(written).unwrap_err();
            assert!(mistake.starts_with(instead), "{written}: {mistake}");
            assert!(!mistake.contains("hunter2"), "{mistake}");
        }
    }

    #[test]
    fn what_was_written_is_shown_without_its_login() {
        for (written, shown) in [
            ("redis://:hun@ter2@h/x", "redis://h/x"),
            ("reddis://u:hunter2@h", "reddis://h"),
            ("s3://b/p", "s3://b/p"),
            ("file:/a@b", "file:/a@b"),
        ] {
            assert_eq!(StateUrl::without_login(written), shown);
        }
    }
}
