//! libpq's service files: named groups of settings in `~/.pg_service.conf` or a file of the system.

use std::path::{Path, PathBuf};

use super::Environment;
use super::files::{self, FileFault};
use super::mistake::Mistake;

/// The largest service file that is read.
const MAX_SERVICE_FILE_BYTES: u64 = 1 << 20;

/// Where distributions keep the system's service file, if `PGSYSCONFDIR` does not say.
const SYSTEM_DIRECTORIES: [&str; 2] = ["/etc/postgresql-common", "/etc/sysconfig/pgsql"];

/// Returns the pairs of a service, from the user's file if it has the service, else from the system's.
pub(super) fn read(
    name: &str,
    named_file: Option<&str>,
    environment: &Environment,
    mistakes: &mut Vec<Mistake>,
) -> Vec<(String, String)> {
    let mut looked_in = Vec::new();
    for (path, must_exist) in candidates(named_file, environment) {
        let text = match files::read(&path, MAX_SERVICE_FILE_BYTES) {
            Ok(file) => file.text,
            Err(FileFault::Missing) if !must_exist => continue,
            Err(FileFault::Missing) => {
                mistakes.push(unreadable(&path, "there is no such file"));
                continue;
            }
            Err(FileFault::Unusable(why)) => {
                mistakes.push(unreadable(&path, &why));
                continue;
            }
        };
        match parse(&text, name, &path) {
            Ok(Some(pairs)) => return pairs,
            Ok(None) => looked_in.push(path.display().to_string()),
            Err(mistake) => {
                mistakes.push(mistake);
                return Vec::new();
            }
        }
    }
    let place = if looked_in.is_empty() { "any service file".to_owned() } else { looked_in.join(" or ") };
    mistakes.push(Mistake::new(
        format!("service \"{name}\" is not in {place}"),
        format!("add a group [{name}] to ~/.pg_service.conf, or name the right file with PGSERVICEFILE"),
    ));
    Vec::new()
}

fn unreadable(path: &Path, why: &str) -> Mistake {
    Mistake::new(
        format!("read service file {}: {why}", path.display()),
        "correct servicefile or PGSERVICEFILE",
    )
}

/// The files to look in, in order, and whether each was named by the user.
fn candidates(named_file: Option<&str>, environment: &Environment) -> Vec<(PathBuf, bool)> {
    let own = match (named_file, &environment.home) {
        (Some(path), _) => Some((PathBuf::from(path), true)),
        (None, Some(home)) => Some((home.join(".pg_service.conf"), false)),
        (None, None) => None,
    };
    let system: Vec<&str> = match environment.variable("PGSYSCONFDIR") {
        Some(directory) => vec![directory],
        None => SYSTEM_DIRECTORIES.to_vec(),
    };
    own.into_iter()
        .chain(system.into_iter().map(|directory| (Path::new(directory).join("pg_service.conf"), false)))
        .collect()
}

/// Returns the pairs of the group, or `None` if the file has no such group. Of two with the same keyword the first
/// counts, so they come out reversed.
fn parse(text: &str, name: &str, path: &Path) -> Result<Option<Vec<(String, String)>>, Mistake> {
    let mut found: Option<Vec<(String, String)>> = None;
    for (line_index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(group) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            found = (group.strip_suffix(']') == Some(name)).then(Vec::new);
            continue;
        }
        let Some(pairs) = &mut found else { continue };
        let refuse = |instead: &str| {
            Mistake::new(
                format!("line {} of service file {} is not keyword=value", line_index + 1, path.display()),
                instead,
            )
        };
        match line.split_once('=') {
            _ if line.starts_with("ldap") => {
                return Err(refuse("LDAP look-ups are not supported, write the settings"));
            }
            Some((keyword, _)) if keyword.ends_with(char::is_whitespace) => {
                return Err(refuse("remove the blanks around ="));
            }
            Some(("service", _)) => {
                return Err(refuse("a service cannot name another service, remove the line"));
            }
            Some((keyword, value)) => pairs.push((keyword.to_owned(), value.to_owned())),
            None => return Err(refuse("write keyword=value, without quotes")),
        }
    }
    Ok(found.map(|pairs| pairs.into_iter().rev().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "# ours\nstray\n[shop]\nhost=db\n  port=5433  \nhost=later\npassword=a b=c\n\n[other]\nhost = x\n";

    #[test]
    fn a_group_gives_its_pairs_and_the_first_of_two_wins() {
        let pairs = parse(FILE, "shop", Path::new("f")).unwrap().unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(keyword, value)| (keyword.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("password", "a b=c"), ("host", "later"), ("port", "5433"), ("host", "db")]);
        assert_eq!(parse(FILE, "none", Path::new("f")), Ok(None));
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        let mistake = parse(FILE, "other", Path::new("f")).unwrap_err();
        assert_eq!(
            mistake.to_string(),
            "line 10 of service file f is not keyword=value: remove the blanks around ="
        );
    }
}
