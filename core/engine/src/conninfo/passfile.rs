//! libpq's password file (`~/.pgpass`): lines of `host:port:database:user:password`, the first that fits counts.

use std::path::Path;

use super::files::{self, FileFault};
use super::host::{DEFAULT_SOCKET_DIRECTORIES, Host};
use super::mistake::Warning;
use crate::secret::Secret;

/// The largest password file that is read.
const MAX_PASSFILE_BYTES: u64 = 1 << 20;

/// The lines of a password file, kept because the line that fits depends on the host and the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passfile {
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    host: Field,
    port: Field,
    database: Field,
    user: Field,
    password: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Field {
    Any,
    Exactly(String),
}

impl Passfile {
    /// Reads the lines of a password file; what has fewer than five fields is passed over, as in libpq.
    pub fn parse(text: &str) -> Self {
        Self { lines: text.lines().filter(|line| !line.starts_with('#')).filter_map(Line::parse).collect() }
    }

    /// Returns the password of the first line that fits.
    pub fn password(&self, host: &Host, database: &str, user: &str) -> Option<&Secret> {
        let (name, port) = match host {
            Host::Tcp { host, port, .. } => (host.clone(), port),
            Host::Unix { directory, port }
                if DEFAULT_SOCKET_DIRECTORIES.iter().any(|usual| directory == Path::new(usual)) =>
            {
                ("localhost".to_owned(), port)
            }
            Host::Unix { directory, port } => (directory.display().to_string(), port),
        };
        let port = port.to_string();
        self.lines
            .iter()
            .find(|line| {
                line.host.fits(&name)
                    && line.port.fits(&port)
                    && line.database.fits(database)
                    && line.user.fits(user)
            })
            .map(|line| &line.password)
    }
}

/// Reads the file, or says why it is not used. A file nobody named may be missing.
pub(super) fn read(path: &Path, named: bool, warnings: &mut Vec<Warning>) -> Passfile {
    let why = match files::read(path, MAX_PASSFILE_BYTES) {
        Ok(file) if file.mode & 0o077 == 0 => return Passfile::parse(&file.text),
        Ok(file) => format!("others may read it (mode {:04o}), run `chmod 0600` on it", file.mode),
        Err(FileFault::Missing) if !named => return Passfile::default(),
        Err(FileFault::Missing) => "there is no such file".to_owned(),
        Err(FileFault::Unusable(why)) => why,
    };
    warnings.push(Warning::PassfileIgnored { path: path.to_owned(), why });
    Passfile::default()
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = Vec::with_capacity(5);
        let mut field = String::new();
        let mut escaped = false;
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => {
                    escaped = true;
                    field.extend(letters.next());
                }
                ':' => {
                    fields.push((std::mem::take(&mut field), escaped));
                    escaped = false;
                }
                _ => field.push(letter),
            }
        }
        fields.push((field, escaped));
        let mut fields = fields.into_iter();
        let mut next = || fields.next();
        Some(Self {
            host: Field::new(next()?),
            port: Field::new(next()?),
            database: Field::new(next()?),
            user: Field::new(next()?),
            password: Secret::from(next()?.0),
        })
    }
}

impl Field {
    /// A star alone fits anything, an escaped star is a star.
    fn new((text, escaped): (String, bool)) -> Self {
        if text == "*" && !escaped { Self::Any } else { Self::Exactly(text) }
    }

    fn fits(&self, value: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(text) => text == value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Host {
        Host::Tcp { host: host.to_owned(), hostaddr: None, port }
    }

    fn check(line: &str, host: &Host, database: &str, user: &str, expected: Option<&str>) {
        let passfile = Passfile::parse(line);
        assert_eq!(passfile.password(host, database, user).map(Secret::expose), expected, "{line}");
    }

    #[test]
    fn the_first_fitting_line_counts() {
        let file = "# db:*:*:*:comment\ndb:5432:shop:ann:one\ndb:*:*:ann:two\n\n*:*:*:*:three\r\n";
        check(file, &tcp("db", 5432), "shop", "ann", Some("one"));
        check(file, &tcp("db", 5433), "shop", "ann", Some("two"));
        check(file, &tcp("db", 5432), "shop", "bob", Some("three"));
    }

    #[test]
    fn escapes_and_wildcards() {
        check(r"db:5432:a\:b:ann:p\:w\\", &tcp("db", 5432), "a:b", "ann", Some(r"p:w\"));
        check(r"db:5432:\*:ann:pw", &tcp("db", 5432), "shop", "ann", None);
        check(r"db:5432:\*:ann:pw", &tcp("db", 5432), "*", "ann", Some("pw"));
        check(r"\:\:1:*:*:*:pw", &tcp("::1", 5432), "d", "u", Some("pw"));
        check("db:5432:d:u", &tcp("db", 5432), "d", "u", None);
        check("db:5432:d:u:pw:rest", &tcp("db", 5432), "d", "u", Some("pw"));
    }

    #[test]
    fn sockets_in_the_usual_directory_are_localhost() {
        let socket = |directory: &str| Host::Unix { directory: directory.into(), port: 5432 };
        check("localhost:*:*:*:pw", &socket("/var/run/postgresql"), "d", "u", Some("pw"));
        check("localhost:*:*:*:pw", &socket("/srv/pg"), "d", "u", None);
        check("/srv/pg:*:*:*:pw", &socket("/srv/pg"), "d", "u", Some("pw"));
    }
}
