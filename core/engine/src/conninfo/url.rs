//! Reads libpq's URL form, `postgresql://user:password@host:port,host:port/database?keyword=value`, into pairs. What
//! the keywords mean is left to the parent module. No mistake here repeats a part of the URL: where it is misread,
//! that part may be the password.

use super::mistake::Mistake;

/// The ways a URL may begin.
const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

const ENCODE: &str =
    "percent-encode what is special in it (@ as %40, : as %3A, / as %2F, ? as %3F, % as %25)";

/// Tells whether the text is a connection URL.
pub(super) fn recognises(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.starts_with(scheme))
}

/// Returns the scheme of a URL that is not PostgreSQL's.
pub(super) fn foreign_scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let named = scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.:".contains(letter));
    (named && !recognises(text)).then_some(scheme)
}

/// Splits a URL into pairs; a keyword after the `?` overrides what stands before it.
pub(super) fn parse(text: &str, mistakes: &mut Vec<Mistake>) -> Vec<(String, String)> {
    let rest = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let mut pairs = Pairs { pairs: Vec::new(), mistakes };
    // As in libpq, an @ counts as the end of the user only before the first slash.
    let (login, rest) = match rest.find(['@', '/']) {
        Some(at) if rest[at..].starts_with('@') => (Some(&rest[..at]), &rest[at + 1..]),
        _ => (None, rest),
    };
    if let Some(login) = login {
        pairs.login(login);
    }
    let (before, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, database) = before.split_once('/').unwrap_or((before, ""));
    if hosts.contains('@') || (login.is_none() && database.contains('@')) {
        pairs.refuse("the URL has an @ where a host or database is expected");
        return Vec::new();
    }
    pairs.hosts(hosts);
    pairs.add("dbname", database);
    parameters
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .for_each(|parameter| pairs.parameter(parameter));
    pairs.pairs
}

struct Pairs<'a> {
    pairs: Vec<(String, String)>,
    mistakes: &'a mut Vec<Mistake>,
}

impl Pairs<'_> {
    fn refuse(&mut self, what: &str) {
        self.mistakes.push(Mistake::new(what, ENCODE));
    }

    /// Adds a pair unless the encoded value is empty.
    fn add(&mut self, keyword: &str, encoded: &str) {
        match decode(encoded) {
            Some(value) if !value.is_empty() => self.pairs.push((keyword.to_owned(), value)),
            Some(_) => {}
            None => self.refuse(&format!("the {keyword} in the URL has a % that encodes no character")),
        }
    }

    fn login(&mut self, login: &str) {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        self.add("user", user);
        self.add("password", password);
    }

    fn hosts(&mut self, hosts: &str) {
        let mut names = Vec::new();
        let mut ports = Vec::new();
        for host in hosts.split(',') {
            let Some((name, port)) = split_port(host) else {
                self.refuse("an IPv6 address in the URL is not written as [address] or [address]:port");
                return;
            };
            names.push(name);
            ports.push(port);
        }
        if names.iter().any(|name| !name.is_empty()) {
            self.add("host", &names.join(","));
        }
        if ports.iter().any(|port| !port.is_empty()) {
            self.add("port", &ports.join(","));
        }
    }

    fn parameter(&mut self, parameter: &str) {
        let mut halves = parameter.split('=');
        let (Some(keyword), Some(value), None) = (halves.next(), halves.next(), halves.next()) else {
            self.mistakes.push(Mistake::new(
                "a parameter after the ? of the URL is not keyword=value",
                "write keyword=value, join parameters with &, and write %3D for an = inside a value",
            ));
            return;
        };
        match (decode(keyword), decode(value)) {
            // What JDBC's URLs say, which libpq understands too.
            (Some(keyword), Some(value)) if keyword == "ssl" && value == "true" => {
                self.pairs.push(("sslmode".to_owned(), "require".to_owned()));
            }
            (Some(keyword), Some(value)) => self.pairs.push((keyword, value)),
            _ => self.refuse("a parameter after the ? of the URL has a % that encodes no character"),
        }
    }
}

/// Splits `host`, `host:port`, `[address]` and `[address]:port`.
fn split_port(host: &str) -> Option<(&str, &str)> {
    match host.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            let port = if after.is_empty() { "" } else { after.strip_prefix(':')? };
            (!address.is_empty()).then_some((address, port))
        }
        None => match host.split_once(':') {
            Some((_, port)) if port.contains(':') => None,
            Some(halves) => Some(halves),
            None => Some((host, "")),
        },
    }
}

/// Undoes percent-encoding; a plus sign stays one.
fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok().filter(|byte| *byte != 0)?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let mut mistakes = Vec::new();
        let pairs = parse(text, &mut mistakes);
        let pairs: Vec<_> = pairs.iter().map(|(keyword, value)| (keyword.as_str(), value.as_str())).collect();
        assert_eq!((pairs.as_slice(), mistakes), (expected, vec![]), "{text}");
    }

    #[test]
    fn every_part_is_optional() {
        check("postgresql://", &[]);
        check("postgres://db", &[("host", "db")]);
        check("postgresql:///shop", &[("dbname", "shop")]);
        check("postgresql://db:5433", &[("host", "db"), ("port", "5433")]);
        check("postgresql://ann@", &[("user", "ann")]);
        check("postgresql://:pw@db", &[("password", "pw"), ("host", "db")]);
        check(
            "postgresql://ann:pw@db:5433/shop?sslmode=require&connect_timeout=3",
            &[
                ("user", "ann"),
                ("password", "pw"),
                ("host", "db"),
                ("port", "5433"),
                ("dbname", "shop"),
                ("sslmode", "require"),
                ("connect_timeout", "3"),
            ],
        );
        check("postgresql://?host=db&dbname=shop", &[("host", "db"), ("dbname", "shop")]);
        check("postgresql://db/shop?ssl=true", &[("host", "db"), ("dbname", "shop"), ("sslmode", "require")]);
    }

    #[test]
    fn several_hosts_addresses_and_sockets() {
        check("postgresql://a,b:5433,c/d", &[("host", "a,b,c"), ("port", ",5433,"), ("dbname", "d")]);
        check(
            "postgresql://[2001:db8::1]:5433/d",
            &[("host", "2001:db8::1"), ("port", "5433"), ("dbname", "d")],
        );
        check("postgresql://[::1],[fe80::1%25eth0]", &[("host", "::1,fe80::1%eth0")]);
        check("postgresql://%2Fvar%2Frun/d", &[("host", "/var/run"), ("dbname", "d")]);
        check("postgresql:///d?host=/tmp&port=5433", &[("dbname", "d"), ("host", "/tmp"), ("port", "5433")]);
    }

    #[test]
    fn special_characters_are_percent_encoded() {
        check(
            "postgresql://a%40b:p%3Aw%2f%25+?@db/d%C3%A9?options=-c%20geqo%3Doff",
            &[
                ("user", "a@b"),
                ("password", "p:w/%+?"),
                ("host", "db"),
                ("dbname", "dé"),
                ("options", "-c geqo=off"),
            ],
        );
    }

    #[test]
    fn misread_passwords_are_not_repeated() {
        for text in [
            "postgresql://ann:hush@hush@db/d",
            "postgresql://ann:hush/hush@db/d",
            "postgresql://ann:12/hush@db/d",
            "postgresql://ann:hush%zz@db/d",
            "postgresql://ann:hush%00@db/d",
            "postgresql://ann:hush%ff@db/d",
            "postgresql://[hush",
            "postgresql://hush:hush:hush",
            "postgresql://db?hush",
            "postgresql://db?options=hush=hush",
        ] {
            let mut mistakes = Vec::new();
            parse(text, &mut mistakes);
            assert_eq!(mistakes.len(), 1, "{text}");
            assert!(!mistakes[0].to_string().contains("hush"), "{text}: {}", mistakes[0]);
        }
    }

    #[test]
    fn other_schemes_are_recognised() {
        assert_eq!(foreign_scheme("mysql://db/shop"), Some("mysql"));
        assert_eq!(foreign_scheme("jdbc:postgresql://db/shop"), Some("jdbc:postgresql"));
        assert_eq!(foreign_scheme("postgres://db"), None);
        assert_eq!(foreign_scheme("host=db password=a://b"), None);
    }
}
