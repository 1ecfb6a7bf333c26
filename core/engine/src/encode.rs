//! JSON into the compact form that [`crate::document`] reads, whose first page says what it looks like. Decides
//! nothing about which texts get a number: that is [`crate::intern`].
use serde_json::{Number, Value};
use stocktake_model::Map;

use crate::document::tag::{
    FALSE, FLOAT, INT, INTERNED, LIST, NULL, OBJECT, SHORT_INTERNED, SHORT_TEXT, SMALL_INT, TEXT,
    TRUE, UINT,
};
use crate::intern::Intern;

/// Appends `value` to `out`.
pub(crate) fn encode(value: &Value, strings: &mut impl Intern, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(false) => out.push(FALSE),
        Value::Bool(true) => out.push(TRUE),
        Value::Number(number) => encode_number(number, out),
        Value::String(text) => encode_text(text, strings, out),
        Value::Array(items) => with_length(LIST, out, |out| {
            for item in items {
                encode(item, strings, out);
            }
        }),
        Value::Object(map) => encode_map(map, strings, out),
    }
}

/// Appends an object to `out`.
pub(crate) fn encode_map(map: &Map, strings: &mut impl Intern, out: &mut Vec<u8>) {
    with_length(OBJECT, out, |out| {
        for (key, value) in map {
            write_varint(u64::from(strings.key(key)), out);
            encode(value, strings, out);
        }
    });
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
        if let Ok(small @ 0..=63) = u8::try_from(int) {
            out.push(SMALL_INT | small);
        } else {
            out.push(INT);
            let zigzag = (int << 1) ^ (int >> 63);
            write_varint(u64::from_ne_bytes(zigzag.to_ne_bytes()), out);
        }
    } else if let Some(int) = number.as_u64() {
        out.push(UINT);
        write_varint(int, out);
    } else {
        out.push(FLOAT);
        let float = number.as_f64().expect("a number is one of three");
        out.extend_from_slice(&float.to_le_bytes());
    }
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

/// Writes a tag, the length of what `body` writes, and that.
fn with_length(tag: u8, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let start = out.len();
    // Most bodies are shorter than 128 bytes, where the length is this one byte; else the body moves.
    out.push(0);
    body(out);
    let length = out.len() - start - 1;
    let mut prefix = Vec::with_capacity(5);
    write_varint(length as u64, &mut prefix);
    out.splice(start..=start, prefix);
}

fn write_varint(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 0x7F);
            return;
        }
        out.push(low | 0x80);
    }
}
