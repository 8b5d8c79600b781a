//! The exit codes, in the manner of sysexits.h, each with what it means to a script.

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done. A degraded poll counts as done.
    Done = 0,
    /// A degraded poll under `--strict`, a check that found errors, or pages that are not fresh.
    Degraded = 1,
    /// The command line or an option's value is wrong.
    Usage = 64,
    /// What was read is not what it should be.
    Data = 65,
    /// A recording, or PostgreSQL for the demo, is not there.
    NoInput = 66,
    /// The server cannot be reached or does not take us now.
    Unavailable = 69,
    /// Our own fault.
    Internal = 70,
    /// A file or folder cannot be made.
    CannotCreate = 73,
    /// Reading or writing a file went wrong.
    Io = 74,
    /// It may work the next time.
    TryAgain = 75,
    /// The server answered what PostgreSQL does not.
    Protocol = 76,
    /// The server knows us and says no.
    Denied = 77,
    /// A configuration file, connection settings or trust are not as they must be.
    Configuration = 78,
}

impl Exit {
    /// All of them, by number.
    pub const ALL: [Exit; 13] = [
        Exit::Done,
        Exit::Degraded,
        Exit::Usage,
        Exit::Data,
        Exit::NoInput,
        Exit::Unavailable,
        Exit::Internal,
        Exit::CannotCreate,
        Exit::Io,
        Exit::TryAgain,
        Exit::Protocol,
        Exit::Denied,
        Exit::Configuration,
    ];

    /// Returns the number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Returns what it means, for the help and the reference.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Done => {
                "done; also if the poll was degraded: no pg_stat_statements, rights missing, a view failed"
            }
            Exit::Degraded => {
                "the poll was degraded, under --strict; a check found an error, or under --strict a warning"
            }
            Exit::Usage => "an option or its value is wrong; all wrong values are listed",
            Exit::Data => "a state or recording is damaged, from a newer version or of another server",
            Exit::NoInput => "the recording is not there; for the demo: PostgreSQL is not installed",
            Exit::Unavailable => {
                "the server cannot be reached, is starting up, is full, or has a version we do not read"
            }
            Exit::Internal => "a fault of ours: please report it",
            Exit::CannotCreate => "a file or folder cannot be made",
            Exit::Io => "reading or writing a file went wrong: permission, disk full",
            Exit::TryAgain => "another poll used the state, the deadline came first, or a signal: try again",
            Exit::Protocol => "what answered does not speak PostgreSQL's protocol as we know it",
            Exit::Denied => "the server refused the login: password, role, database or pg_hba.conf",
            Exit::Configuration => {
                "the configuration file or the connection settings are wrong, or a certificate is not trusted"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_sysexits() {
        let numbers: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(numbers, [0, 1, 64, 65, 66, 69, 70, 73, 74, 75, 76, 77, 78]);
    }
}
