//! How contents become bytes: a format number, then postcard, compressed with a checksum.

use std::cmp::Ordering;
use std::fmt;
use std::io::Cursor;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes of one object, packed. Stores and functions have limits; a state beyond this is cut by its owner.
pub const MAX_PACKED_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of one object, unpacked: what a damaged or hostile object may make us allocate.
pub const MAX_UNPACKED_BYTES: usize = 256 * 1024 * 1024;
/// The state is packed at every poll, and this level takes a quarter less time than the first for 3 % more bytes.
const COMPRESSION_LEVEL: i32 = -2;
/// What a state of a few thousand statements takes, unpacked.
const USUAL_BYTES: usize = 256 * 1024;
const MAGIC: &[u8; 4] = b"pgql";
/// [`MAGIC`] and the format.
const HEADER_BYTES: usize = MAGIC.len() + size_of::<u16>();

/// Contents of a kind. Each kind has a format of its own, so that a change of the baselines costs neither what waits in an
/// outbox nor what an operator wants.
pub trait Stored: Serialize + DeserializeOwned {
    /// The format that this version writes and reads.
    const FORMAT: u16;
}

/// Why bytes are not contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// They do not begin as ours do, are cut short, or fail their checksum.
    Damaged,
    /// A newer pgquerylens wrote them.
    NewerFormat {
        /// The format they have.
        found: u16,
        /// The format that this version reads.
        read: u16,
    },
    /// An older pgquerylens wrote them: the state begins anew.
    OlderFormat {
        /// The format they have.
        found: u16,
        /// The format that this version reads.
        read: u16,
    },
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodecError::Damaged => f.write_str("it is damaged or not ours"),
            CodecError::NewerFormat { found, read } => {
                write!(f, "it has format {found}, written by a newer pgquerylens; this one reads {read}")
            }
            CodecError::OlderFormat { found, read } => {
                write!(f, "it has format {found}, written by an older pgquerylens; this one reads {read}")
            }
        }
    }
}

impl std::error::Error for CodecError {}

/// Packs contents.
pub fn encode<T: Stored>(contents: &T) -> Vec<u8> {
    // Writing to memory that is large enough, contents of plain numbers and strings: no step has a way to fail.
    let plain = postcard::to_extend(contents, Vec::with_capacity(USUAL_BYTES)).unwrap_or_default();
    let mut bytes =
        Cursor::new(Vec::with_capacity(HEADER_BYTES + zstd::zstd_safe::compress_bound(plain.len())));
    bytes.get_mut().extend([MAGIC.as_slice(), &T::FORMAT.to_be_bytes()].concat());
    bytes.set_position(HEADER_BYTES as u64);
    let _ = zstd::bulk::Compressor::new(COMPRESSION_LEVEL).and_then(|mut compressor| {
        compressor.include_checksum(true)?;
        compressor.compress_to_buffer(&plain, &mut bytes)
    });
    let mut bytes = bytes.into_inner();
    bytes.shrink_to_fit();
    bytes
}

/// Unpacks contents.
pub fn decode<T: Stored>(bytes: &[u8]) -> Result<T, CodecError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(CodecError::Damaged)?;
    let (format, packed) = rest.split_first_chunk::<2>().ok_or(CodecError::Damaged)?;
    let (found, read) = (u16::from_be_bytes(*format), T::FORMAT);
    match found.cmp(&read) {
        Ordering::Equal => {}
        Ordering::Greater => return Err(CodecError::NewerFormat { found, read }),
        Ordering::Less => return Err(CodecError::OlderFormat { found, read }),
    }
    let plain = zstd::bulk::decompress(packed, unpacked_size(packed)?).map_err(|_| CodecError::Damaged)?;
    postcard::from_bytes(&plain).map_err(|_| CodecError::Damaged)
}

/// The size that the frame announces, if it is within the limit.
fn unpacked_size(packed: &[u8]) -> Result<usize, CodecError> {
    let announced =
        zstd::zstd_safe::get_frame_content_size(packed).ok().flatten().ok_or(CodecError::Damaged)?;
    usize::try_from(announced).ok().filter(|size| *size <= MAX_UNPACKED_BYTES).ok_or(CodecError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl<T: Serialize + DeserializeOwned> Stored for Vec<T> {
        const FORMAT: u16 = 2;
    }

    #[test]
    fn another_format_is_named() {
        let mut bytes = encode(&vec![1u32, 2, 3]);
        for (format, error) in [
            (9, CodecError::NewerFormat { found: 9, read: 2 }),
            (1, CodecError::OlderFormat { found: 1, read: 2 }),
        ] {
            bytes[5] = format;
            assert_eq!(decode::<Vec<u32>>(&bytes), Err(error));
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_wrote_and_notices_every_damage(values in prop::collection::vec(any::<i64>(), 0..200), at in any::<prop::sample::Index>(), flip in 1u8..) {
            let bytes = encode(&values);
            prop_assert_eq!(decode::<Vec<i64>>(&bytes), Ok(values.clone()));
            let mut damaged = bytes.clone();
            let place = at.index(bytes.len());
            damaged[place] ^= flip;
            // A flipped bit in the frame's header may leave the content whole; it must never change it.
            if let Ok(read) = decode::<Vec<i64>>(&damaged) {
                prop_assert_eq!(read, values);
            }
            prop_assert_eq!(decode::<Vec<i64>>(&bytes[..place]), Err(CodecError::Damaged));
        }
    }
}
