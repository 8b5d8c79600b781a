//! Why a store that is reached over the network did not do what it was asked, by what an operator does about it.

use std::fmt;

/// Why a store did not do it. The detail never has a secret in it: whoever makes one takes care of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Of what kind it is.
    pub kind: RefusalKind,
    /// What else is known, in the store's words, on one line; may be empty.
    pub detail: String,
}

/// The kinds of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// Nobody answered there.
    Unreachable,
    /// It did not answer in time.
    OutOfTime,
    /// Nobody says who we are.
    NoCredentials,
    /// Who we are is not believed.
    Unknown,
    /// Who we are may not do that.
    Forbidden,
    /// The bucket or container does not exist.
    NoSuchPlace,
    /// The bucket is in another region.
    WrongRegion,
    /// It is full, or takes no writes.
    Full,
    /// It is larger than anything that we write.
    TooLarge,
    /// It is busy or broken.
    Busy,
    /// None of these.
    Other,
}

impl Refusal {
    /// Makes a refusal; of the detail one line is kept.
    pub fn new(kind: RefusalKind, detail: impl Into<String>) -> Refusal {
        let detail: String = detail.into();
        let words: Vec<&str> = detail.split_whitespace().collect();
        Refusal { kind, detail: words.join(" ").chars().take(MAX_DETAIL_LETTERS).collect() }
    }

    /// Returns what to do about it.
    pub fn advice(&self) -> &'static str {
        match self.kind {
            RefusalKind::Unreachable => "see whether host and port are right and let us through",
            RefusalKind::OutOfTime | RefusalKind::Busy => {
                "nothing is lost: the next poll tries again; see how the store is if it stays so"
            }
            RefusalKind::NoCredentials => {
                "say who we are there: docs/state.md lists where that is looked for"
            }
            RefusalKind::Unknown => "see whether the credentials of the store are whole and still good",
            RefusalKind::Forbidden => {
                "allow reading, writing, listing and deleting below the state's prefix, as docs/state.md lists it"
            }
            RefusalKind::NoSuchPlace => "make it, or correct its name in the state's URL",
            RefusalKind::WrongRegion => "name the region of the bucket in AWS_REGION",
            RefusalKind::Full => "free space in the store, or let it take writes again",
            RefusalKind::TooLarge => "name another place: what is there is not ours",
            RefusalKind::Other => "see whether the state's URL means the right store",
        }
    }
}

/// The longest detail that is kept.
const MAX_DETAIL_LETTERS: usize = 300;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.kind {
            RefusalKind::Unreachable => "nobody answers there",
            RefusalKind::OutOfTime => "it did not answer in time",
            RefusalKind::NoCredentials => "there are no credentials",
            RefusalKind::Unknown => "our credentials are not believed",
            RefusalKind::Forbidden => "access is denied",
            RefusalKind::NoSuchPlace => "the bucket or container does not exist",
            RefusalKind::WrongRegion => "the bucket is in another region",
            RefusalKind::Full => "it takes no writes",
            RefusalKind::TooLarge => "it is larger than any object of ours",
            RefusalKind::Busy => "it is busy or broken",
            RefusalKind::Other => "it was refused",
        };
        f.write_str(words)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_one_line_of_bounded_length() {
        let refusal = Refusal::new(RefusalKind::Busy, "<Error>\n  <Code>SlowDown</Code>\n</Error>");
        assert_eq!(refusal.to_string(), "it is busy or broken: <Error> <Code>SlowDown</Code> </Error>");
        assert_eq!(Refusal::new(RefusalKind::Other, "x".repeat(1_000)).detail.len(), MAX_DETAIL_LETTERS);
        assert_eq!(Refusal::new(RefusalKind::Forbidden, "").to_string(), "access is denied");
    }
}
