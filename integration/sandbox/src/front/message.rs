//! Messages with a type, as both sides send them after the first packet: read whole, or written from data.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncReadExt};

use super::check::Complaint;

/// What a client answers a question for a password with.
pub(super) const PASSWORD: u8 = b'p';
/// What a server says of authentication.
pub(super) const AUTHENTICATION: u8 = b'R';
/// What a server says last.
pub(super) const ERROR: u8 = b'E';
/// The key by which a client may cancel, BackendKeyData.
pub(super) const BACKEND_KEY: u8 = b'K';
/// What a server says when it waits for a statement, ReadyForQuery.
pub(super) const READY: u8 = b'Z';
/// The question for a password in clear, AuthenticationCleartextPassword.
pub(super) const ASK_CLEARTEXT_PASSWORD: [u8; 9] = [AUTHENTICATION, 0, 0, 0, 8, 0, 0, 0, 3];
/// The longest message before a session begins, which is the longest password (`PG_MAX_AUTH_TOKEN_LENGTH`).
const BYTES_MAX: usize = 65_535;
/// The bytes of a type and a length.
const HEAD_BYTES: usize = 5;
const LENGTH_BYTES: usize = 4;

/// A whole message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
}

impl Message {
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> Result<Self> {
        let mut bytes = vec![0; HEAD_BYTES];
        from.read_exact(&mut bytes).await?;
        let length = u32::from_be_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]);
        let length =
            usize::try_from(length).ok().filter(|length| (LENGTH_BYTES..=BYTES_MAX).contains(length));
        let length = length.ok_or(ErrorKind::InvalidData)?;
        bytes.resize(1 + length, 0);
        from.read_exact(&mut bytes[HEAD_BYTES..]).await?;
        Ok(Self { bytes })
    }

    pub(super) fn kind(&self) -> u8 {
        self.bytes[0]
    }

    /// Whether it says that nothing more is asked, AuthenticationOk.
    pub(super) fn is_welcome(&self) -> bool {
        self.kind() == AUTHENTICATION && self.body() == [0; 4]
    }

    /// Whether it is a question that the client answers, as all of authentication are but the first and the last.
    pub(super) fn is_question(&self) -> bool {
        const SASL_FINAL: [u8; 4] = [0, 0, 0, 12];
        self.kind() == AUTHENTICATION && !self.is_welcome() && !self.body().starts_with(&SASL_FINAL)
    }

    /// Returns a client's password.
    pub(super) fn password(&self) -> Result<&str> {
        let text = self.body().strip_suffix(&[0]).filter(|_| self.kind() == PASSWORD);
        text.and_then(|text| std::str::from_utf8(text).ok())
            .ok_or_else(|| Error::from(ErrorKind::InvalidData))
    }

    fn body(&self) -> &[u8] {
        &self.bytes[HEAD_BYTES..]
    }
}

/// Returns an ErrorResponse that ends the connection.
pub(super) fn fatal(complaint: &Complaint) -> Vec<u8> {
    let fields = [('S', "FATAL"), ('V', "FATAL"), ('C', complaint.sqlstate), ('M', &complaint.message)];
    let text: String = fields.iter().map(|(field, value)| format!("{field}{value}\0")).collect();
    let length = u32::try_from(LENGTH_BYTES + text.len() + 1).unwrap_or(u32::MAX);
    [&[ERROR], length.to_be_bytes().as_slice(), text.as_bytes(), &[0]].concat()
}

#[cfg(test)]
mod tests {
    use super::{Message, fatal};
    use crate::front::check::Complaint;

    async fn read(bytes: &[u8]) -> std::io::Result<Message> {
        Message::read(&mut &bytes[..]).await
    }

    #[tokio::test]
    async fn messages_are_read_whole_or_not_at_all() {
        assert_eq!(read(b"p\0\0\0\x08abc\0").await.unwrap().password().unwrap(), "abc");
        assert!(read(b"p\0\0\0\x07abc").await.unwrap().password().is_err(), "no zero byte at its end");
        assert!(read(b"Q\0\0\0\x08abc\0").await.unwrap().password().is_err(), "another type");
        assert!(read(b"p\0\0\0\x09abc\0").await.is_err(), "cut");
        assert!(read(b"p\0\0\0\x03").await.is_err(), "shorter than its length");
        assert!(read(b"p\x7f\0\0\x08abc\0").await.is_err(), "too long");
        assert!(read(b"R\0\0\0\x08\0\0\0\0").await.unwrap().is_welcome());
        assert!(read(b"R\0\0\0\x08\0\0\0\x03").await.unwrap().is_question());
        assert!(!read(b"R\0\0\0\x09\0\0\0\x0cx").await.unwrap().is_question());
    }

    #[test]
    fn errors_are_written_as_postgresql_does() {
        let complaint = Complaint { sqlstate: "28000", message: "no".to_owned() };
        assert_eq!(fatal(&complaint), b"E\0\0\0\x1eSFATAL\0VFATAL\0C28000\0Mno\0\0");
    }
}
