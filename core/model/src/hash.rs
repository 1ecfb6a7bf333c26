//! A hash that may be written down: it is the same in every version of the program.

/// A number for bytes: FNV-1a of 64 bits, mixed like the end of `MurmurHash3` because similar texts would be neighbours.
/// Files and other processes rely on it.
pub fn mixed(bytes: impl Iterator<Item = u8>) -> u64 {
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd)
}
