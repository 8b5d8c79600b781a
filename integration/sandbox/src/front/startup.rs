//! What a client of PostgreSQL says before it is known: "Message Formats" in the manual's chapter on the protocol.
//! Bytes in, data out.

/// Request codes, whose upper half is no version of the protocol that there will ever be.
const CANCEL_REQUEST: u32 = 80_877_102;
const SSL_REQUEST: u32 = 80_877_103;
const GSSENC_REQUEST: u32 = 80_877_104;
/// The major version of the protocol that all servers of today speak.
const PROTOCOL_MAJOR: u32 = 3;
/// The longest first packet that a server reads (`MAX_STARTUP_PACKET_LENGTH`).
const PACKET_BYTES_MAX: usize = 10_000;
/// The bytes of a length.
const LENGTH_BYTES: usize = 4;

/// What a packet without a type asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// TLS.
    Tls,
    /// Encryption by GSSAPI.
    GssEncryption,
    /// That somebody else's statement ends.
    Cancel,
    /// A session.
    Startup {
        /// The role.
        user: String,
        /// The database; the role's name stands for it if none is named.
        database: String,
        /// The names of all that the packet says, these two among them.
        parameters: Vec<String>,
    },
}

/// Returns how many bytes follow a packet's length, which counts itself; none if that is too few or too many.
pub(super) fn bytes_after_length(length: [u8; LENGTH_BYTES]) -> Option<usize> {
    let whole = usize::try_from(u32::from_be_bytes(length)).ok()?;
    (2 * LENGTH_BYTES..=PACKET_BYTES_MAX).contains(&whole).then(|| whole - LENGTH_BYTES)
}

/// Returns what a packet asks for, from the bytes after its length; none if nobody knows.
pub(super) fn opening(body: &[u8]) -> Option<Opening> {
    let (code, rest) = body.split_first_chunk::<4>()?;
    match u32::from_be_bytes(*code) {
        SSL_REQUEST => Some(Opening::Tls),
        GSSENC_REQUEST => Some(Opening::GssEncryption),
        CANCEL_REQUEST => Some(Opening::Cancel),
        version if version >> 16 == PROTOCOL_MAJOR => startup(rest),
        _ => None,
    }
}

/// Names and values in turn, each ended by a zero byte, and one more behind the last.
fn startup(parameters: &[u8]) -> Option<Opening> {
    let text = std::str::from_utf8(parameters).ok()?.strip_suffix("\0\0")?;
    let words: Vec<&str> = text.split('\0').collect();
    let value = |name| words.chunks_exact(2).find(|pair| pair[0] == name).map(|pair| pair[1].to_owned());
    let user = value("user").filter(|user| !user.is_empty())?;
    let database = value("database").unwrap_or_else(|| user.clone());
    let parameters = words.chunks_exact(2).map(|pair| pair[0].to_owned()).collect();
    Some(Opening::Startup { user, database, parameters })
}

#[cfg(test)]
mod tests {
    use super::{Opening, bytes_after_length, opening};

    fn packet(code: u32, parameters: &str) -> Vec<u8> {
        [&code.to_be_bytes(), parameters.as_bytes()].concat()
    }

    fn startup(user: &str, database: &str, parameters: &[&str]) -> Option<Opening> {
        let parameters = parameters.iter().map(|name| (*name).to_owned()).collect();
        Some(Opening::Startup { user: user.to_owned(), database: database.to_owned(), parameters })
    }

    #[test]
    fn openings_are_told_apart() {
        let cases = [
            (packet(80_877_103, ""), Some(Opening::Tls)),
            (packet(80_877_104, ""), Some(Opening::GssEncryption)),
            (packet(80_877_102, "12345678"), Some(Opening::Cancel)),
            (
                packet(196_608, "user\0jane\0database\0shop\0\0"),
                startup("jane", "shop", &["user", "database"]),
            ),
            (
                packet(196_610, "application_name\0user\0user\0é +@\0\0"),
                startup("é +@", "é +@", &["application_name", "user"]),
            ),
            (packet(196_608, "user\0jane\0"), None),
            (packet(196_608, "user\0\0\0"), None),
            (packet(196_608, "\0"), None),
            (packet(131_072, "user\0jane\0\0"), None),
            (vec![0, 3], None),
        ];
        for (body, expected) in cases {
            assert_eq!(opening(&body), expected, "{body:?}");
        }
    }

    #[test]
    fn lengths_have_limits() {
        let cases =
            [(0, None), (7, None), (8, Some(4)), (10_000, Some(9_996)), (10_001, None), (u32::MAX, None)];
        for (length, expected) in cases {
            assert_eq!(bytes_after_length(u32::to_be_bytes(length)), expected, "{length}");
        }
    }
}
