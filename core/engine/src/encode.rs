//! JSON into the compact form that [`crate::document`] reads, whose first page says what it looks like. Decides
//! nothing about which texts get a number: that is [`crate::intern`].
mod written;

use serde_json::{Number, Value};
use stocktake_model::Map;

use crate::document::tag::{
    FALSE, FLOAT, INT, INTERNED, LIST, NULL, OBJECT, SHORT_INTERNED, SHORT_TEXT, SMALL_INT, TEXT,
    TRUE, UINT,
};
use crate::intern::Intern;

pub(crate) use written::Sections;

/// Appends `value` to `out`.
pub(crate) fn encode(value: &Value, strings: &mut impl Intern, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(false) => out.push(FALSE),
        Value::Bool(true) => out.push(TRUE),
        Value::Number(number) => encode_number(number, out),
        Value::String(text) => encode_text(text, strings, out),
        Value::Array(items) => {
            let open = open(LIST, out);
            for item in items {
                encode(item, strings, out);
            }
            close(open, out);
        }
        Value::Object(map) => encode_map(map, strings, out),
    }
}

/// Appends an object to `out`.
pub(crate) fn encode_map(map: &Map, strings: &mut impl Intern, out: &mut Vec<u8>) {
    let open = open(OBJECT, out);
    for (key, value) in map {
        write_key(strings.key(key), out);
        encode(value, strings, out);
    }
    close(open, out);
}

/// Appends the number of a key.
pub(crate) fn write_key(number: u32, out: &mut Vec<u8>) {
    write_varint(u64::from(number), out);
}

/// Appends an object whose members are written already.
pub(crate) fn write_object(members: &[u8], out: &mut Vec<u8>) {
    out.push(OBJECT);
    write_varint(members.len() as u64, out);
    out.extend_from_slice(members);
}

fn encode_number(number: &Number, out: &mut Vec<u8>) {
    if let Some(int) = number.as_i64() {
        encode_int(int, out);
    } else if let Some(int) = number.as_u64() {
        encode_uint(int, out);
    } else {
        encode_float(number.as_f64().expect("a number is one of three"), out);
    }
}

fn encode_int(int: i64, out: &mut Vec<u8>) {
    if let Ok(small @ 0..=63) = u8::try_from(int) {
        out.push(SMALL_INT | small);
    } else {
        out.push(INT);
        let zigzag = (int << 1) ^ (int >> 63);
        write_varint(u64::from_ne_bytes(zigzag.to_ne_bytes()), out);
    }
}

/// A number that may be too great for [`encode_int`].
fn encode_uint(int: u64, out: &mut Vec<u8>) {
    if let Ok(int) = i64::try_from(int) {
        encode_int(int, out);
    } else {
        out.push(UINT);
        write_varint(int, out);
    }
}

fn encode_float(float: f64, out: &mut Vec<u8>) {
    out.push(FLOAT);
    out.extend_from_slice(&float.to_le_bytes());
}

fn encode_text(text: &str, strings: &mut impl Intern, out: &mut Vec<u8>) {
    if let Some(number) = strings.text(text) {
        if let [0, 0, high @ 0..=63, low] = number.to_be_bytes() {
            out.extend_from_slice(&[SHORT_INTERNED | high, low]);
        } else {
            out.push(INTERNED);
            write_varint(u64::from(number), out);
        }
        return;
    }
    if let Ok(short @ 0..=63) = u8::try_from(text.len()) {
        out.push(SHORT_TEXT | short);
    } else {
        out.push(TEXT);
        write_varint(text.len() as u64, out);
    }
    out.extend_from_slice(text.as_bytes());
}

/// Where the length of a body that is being written goes.
#[derive(Clone, Copy)]
struct Open(usize);

/// Begins a body with this tag.
fn open(tag: u8, out: &mut Vec<u8>) -> Open {
    out.push(tag);
    let at = out.len();
    // Most bodies are shorter than 128 bytes, where the length is this one byte; else the body moves.
    out.push(0);
    Open(at)
}

/// Ends a body: everything behind its beginning.
fn close(Open(at): Open, out: &mut Vec<u8>) {
    let body = at + 1;
    let length = out.len() - body;
    if let Ok(short @ 0..=0x7F) = u8::try_from(length) {
        out[at] = short;
        return;
    }
    let (prefix, used) = varint(length as u64);
    out.resize(out.len() + used - 1, 0);
    out.copy_within(body..body + length, at + used);
    out[at..at + used].copy_from_slice(&prefix[..used]);
}

fn write_varint(number: u64, out: &mut Vec<u8>) {
    let (bytes, used) = varint(number);
    out.extend_from_slice(&bytes[..used]);
}

/// The bytes of a number, and how many of them count.
fn varint(mut number: u64) -> ([u8; 10], usize) {
    let mut bytes = [0; 10];
    for (at, byte) in bytes.iter_mut().enumerate() {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            *byte = low & 0x7F;
            return (bytes, at + 1);
        }
        *byte = low | 0x80;
    }
    unreachable!("64 bits are ten times seven at most")
}
