//! One digest for whatever is frozen: `BLAKE2b` of JSON whose keys are in a fixed order.
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest as _};
use serde::Serialize;

/// 64 hexadecimal digits that stand for a value. The value must consist of structs, lists, texts and whole
/// numbers: these have one form.
pub(crate) fn digest<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_vec(value).expect("texts and whole numbers can be written as JSON");
    let bytes = Blake2b::<U32>::digest(&json);
    format!("{bytes:x}")
}
