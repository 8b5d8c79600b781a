//! Reads certificates and keys from PEM files. What they are used for is left to others.

use std::error::Error;
use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::ClientFiles;

/// The largest PEM file that is read.
const MAX_PEM_BYTES: u64 = 4 << 20;

/// Why the TLS settings cannot be put to use.
#[derive(Debug)]
pub struct TlsFault {
    what: String,
    advice: String,
    source: Option<io::Error>,
}

impl TlsFault {
    pub(super) fn new(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), advice: advice.into(), source: None }
    }

    fn because(self, source: io::Error) -> Self {
        Self { source: Some(source), ..self }
    }

    /// Returns what to do about it.
    pub fn advice(&self) -> &str {
        &self.advice
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)
    }
}

impl Error for TlsFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// What the client shows of itself.
pub(super) struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

/// Reads all certificates of a file; at least one.
pub(super) fn certificates(path: &Path, keyword: &str) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let bytes = read(path, keyword)?;
    match CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>() {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(TlsFault::new(
            format!("read {keyword} {}: it holds no PEM certificate", path.display()),
            "name a file with -----BEGIN CERTIFICATE----- blocks; DER is turned into it by \
             `openssl x509 -inform der -in FILE -out FILE.pem`",
        )),
    }
}

/// Reads the client's certificate and key. What the user did not name may be missing; what is named may not, so that a
/// typing error is not mistaken for a server that refuses us.
pub(super) fn identity(client: &ClientFiles) -> Result<Option<Identity>, TlsFault> {
    if !client.named && !client.certificate.exists() {
        return Ok(None);
    }
    let chain = certificates(&client.certificate, "sslcert")?;
    let key = private_key(&client.key)?;
    Ok(Some(Identity { chain, key }))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFault> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, "sslkey").because(error))?;
    if exposed(&metadata) {
        return Err(TlsFault::new(
            format!("read sslkey {}: others may read it", path.display()),
            "run `chmod 0600` on it (0640 if it belongs to root)",
        ));
    }
    PrivateKeyDer::from_pem_slice(&read(path, "sslkey")?).map_err(|error| {
        let what = match error {
            pem::Error::NoItemsFound => "it holds no unencrypted PEM key",
            _ => "its PEM is damaged",
        };
        TlsFault::new(
            format!("read sslkey {}: {what}", path.display()),
            "name a PKCS#8, PKCS#1 or SEC1 key in PEM; an encrypted or DER key is turned into it by \
             `openssl pkey -in KEY -out KEY.pem`",
        )
    })
}

fn read(path: &Path, keyword: &str) -> Result<Vec<u8>, TlsFault> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_PEM_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, keyword).because(error))?;
    if bytes.len() as u64 > MAX_PEM_BYTES {
        return Err(TlsFault::new(
            format!("read {keyword} {}: it is larger than {MAX_PEM_BYTES} bytes", path.display()),
            "name a file with the certificates that are needed",
        ));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, keyword: &str) -> TlsFault {
    TlsFault::new(
        format!("read {keyword} {}", path.display()),
        format!("correct {keyword}, or let this process read the file"),
    )
}

/// The rule of libpq: nobody but the owner, or root's group if root owns it.
#[cfg(unix)]
fn exposed(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    metadata.mode() & forbidden != 0
}

#[cfg(not(unix))]
fn exposed(_: &Metadata) -> bool {
    false
}

/// Returns the file if it is there.
pub(super) fn existing(file: Option<&PathBuf>) -> Option<&PathBuf> {
    file.filter(|path| path.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn keys_in_all_three_pem_forms_are_read_and_only_if_private() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let pkcs8 = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for text in
            [pkcs8.clone(), pkcs8.replace("PRIVATE", "EC PRIVATE"), pkcs8.replace("PRIVATE", "RSA PRIVATE")]
        {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(private_key(&path).is_ok());
        }
        fs::write(&path, pkcs8.replace("PRIVATE", "ENCRYPTED PRIVATE")).unwrap();
        assert!(private_key(&path).unwrap_err().to_string().ends_with("it holds no unencrypted PEM key"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(private_key(&path).unwrap_err().to_string().ends_with("others may read it"));
    }
}
