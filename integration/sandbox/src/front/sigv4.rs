//! The arithmetic of AWS's Signature Version 4, as "Create a signed AWS API request" in the IAM User Guide has it:
//! from a canonical request to its signature. What the request has to be is up to others.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The one algorithm of keys that are shared.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How every scope ends.
pub(super) const TERMINATOR: &str = "aws4_request";
/// The hash of a body without a byte.
pub(super) const EMPTY_HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What a signature is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    /// The day, as `20261124`.
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
}

/// Returns the signature of a canonical request, in hexadecimal; `timestamp` as `20261124T101500Z`.
pub(super) fn signature(secret: &str, scope: &Scope, timestamp: &str, canonical_request: &str) -> String {
    let Scope { date, region, service } = scope;
    let hash = hexadecimal(&Sha256::digest(canonical_request));
    let text = format!("{ALGORITHM}\n{timestamp}\n{date}/{region}/{service}/{TERMINATOR}\n{hash}");
    let first = format!("AWS4{secret}").into_bytes();
    let steps = [date.as_str(), region, service, TERMINATOR, &text];
    hexadecimal(&steps.into_iter().fold(first, |key, step| keyed_hash(&key, step)))
}

fn keyed_hash(key: &[u8], text: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).map(|mac| mac.chain_update(text));
    mac.expect("a key of any length is one").finalize().into_bytes().to_vec()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{EMPTY_HASH, Scope, hexadecimal, signature};
    use sha2::{Digest, Sha256};

    /// The example of "Authenticating Requests: Using Query Parameters" in the reference of Amazon S3.
    #[test]
    fn signature_is_the_one_of_the_manual() {
        let canonical_request = "GET\n/test.txt\n\
            X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
            &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\n\
            host:examplebucket.s3.amazonaws.com\n\nhost\nUNSIGNED-PAYLOAD";
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let (date, region, service) = ("20130524".to_owned(), "us-east-1".to_owned(), "s3".to_owned());
        assert_eq!(
            signature(secret, &Scope { date, region, service }, "20130524T000000Z", canonical_request),
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
        assert_eq!(hexadecimal(&Sha256::digest("")), EMPTY_HASH);
    }
}
