//! How every value is wrapped: a format byte, a checksum, the bytes. What does not verify is never decoded.
use blake2b_simd::Params;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Damaged, StoreError};

/// Format byte of every value; another one is refused.
const SEALED: u8 = 1;
const HEAD: usize = 9;
const LEVEL: i32 = 3;

/// The first eight bytes that stand for a content.
pub(crate) fn hash(bytes: &[u8]) -> [u8; 8] {
    let hash = Params::new().hash_length(8).hash(bytes);
    (hash.as_bytes().try_into()).expect("as long as was asked for")
}

/// Wraps bytes.
pub(crate) fn seal(payload: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(payload.len() + HEAD);
    sealed.push(SEALED);
    sealed.extend_from_slice(&hash(payload));
    sealed.extend_from_slice(payload);
    sealed
}

/// The bytes that were wrapped, or what is wrong with them.
pub(crate) fn unseal(sealed: &[u8]) -> Result<&[u8], &'static str> {
    let (head, payload) = sealed.split_at_checked(HEAD).ok_or("it is too short")?;
    if head[0] != SEALED {
        return Err("it has an unknown format");
    }
    if head[1..] != hash(payload) {
        return Err("its checksum does not fit");
    }
    Ok(payload)
}

/// Compresses; the same bytes always become the same bytes.
pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, LEVEL).expect("compressing into memory has no way to fail")
}

/// Decompresses what is known to have at most `length` bytes.
pub(crate) fn unpack(bytes: &[u8], length: usize) -> Result<Vec<u8>, &'static str> {
    zstd::bulk::decompress(bytes, length).map_err(|_| "it can not be decompressed")
}

/// A value as sealed, compressed JSON.
pub(crate) fn to_sealed<T: Serialize + ?Sized>(
    what: &str,
    value: &T,
) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(value).map_err(|error| StoreError::Encode {
        what: what.to_owned(),
        why: error.to_string(),
    })?;
    Ok(seal(&pack(&json)))
}

/// A value from sealed, compressed JSON; `what` names it if it is damaged.
pub(crate) fn from_sealed<T: DeserializeOwned>(what: &str, sealed: &[u8]) -> Result<T, Damaged> {
    let damaged = |why| Damaged {
        what: what.to_owned(),
        account: None,
        kind: None,
        why,
    };
    let packed = unseal(sealed).map_err(damaged)?;
    let json =
        zstd::stream::decode_all(packed).map_err(|_| damaged("it can not be decompressed"))?;
    serde_json::from_slice(&json).map_err(|_| damaged("it is not what was expected there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_is_noticed_wherever_it_is() {
        let sealed = to_sealed("x", &["some", "text"]).unwrap();
        assert_eq!(
            from_sealed::<Vec<String>>("x", &sealed).unwrap(),
            ["some", "text"]
        );
        for at in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[at] ^= 1;
            assert!(from_sealed::<Vec<String>>("x", &broken).is_err(), "{at}");
        }
        for length in 0..sealed.len() {
            assert!(from_sealed::<Vec<String>>("x", &sealed[..length]).is_err());
        }
    }
}
