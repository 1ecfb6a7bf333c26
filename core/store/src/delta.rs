//! A document by what it differs in from the one that came after it. The difference is one of bytes, so that what comes
//! back is exactly what was there.
//!
//! ```text
//! stored = "{" …                   a whole document: they are JSON objects
//!        | 1 op*                   a delta; what no operation mentions at the end is copied
//! op     = varint(4 n + 0)         copy n bytes of the later document
//!        | varint(4 n + 1)         leave out n bytes of it
//!        | varint(4 n + 2) bytes   n bytes of its own
//! ```
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// First byte of a delta.
const DELTA: u8 = 1;
const COPY: usize = 0;
const LEAVE_OUT: usize = 1;
const INSERT: usize = 2;
/// Words that are compared one by one; where more differ, they are taken as one. Comparing costs up to its square.
const COMPARED: usize = 4_000;

/// True if what is stored can only be read with the later document.
pub(crate) fn is_delta(stored: &[u8]) -> bool {
    stored.first() == Some(&DELTA)
}

/// How to make `before` from `after`; `None` if that is no shorter than `before`.
pub(crate) fn make(before: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    let (before, after) = (words(before), words(after));
    let length = before.len().min(after.len());
    let head = (0..length).take_while(|at| before[*at] == after[*at]);
    let head = head.count();
    let tail = (head..length).take_while(|at| {
        let back = at - head + 1;
        before[before.len() - back] == after[after.len() - back]
    });
    let tail = tail.count();
    let [from, to] = [&after, &before].map(|words| &words[head..words.len() - tail]);
    let mut delta = vec![DELTA];
    copy(&mut delta, &after[..head]);
    if from.len() + to.len() > COMPARED {
        replace(&mut delta, from, to);
    } else {
        let ops = capture_diff_slices(Algorithm::Myers, from, to);
        for op in ops {
            match op {
                DiffOp::Equal { old_index, len, .. } => {
                    copy(&mut delta, &from[old_index..old_index + len]);
                }
                op => replace(&mut delta, &from[op.old_range()], &to[op.new_range()]),
            }
        }
    }
    let whole: usize = before.iter().map(|word| word.len()).sum();
    (delta.len() < whole).then_some(delta)
}

/// The document that a delta was made of, from the one that came after it.
pub(crate) fn apply(delta: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    let (first, mut ops) = delta.split_first()?;
    if *first != DELTA {
        return None;
    }
    let mut rest = after;
    let mut before = Vec::with_capacity(after.len());
    while !ops.is_empty() {
        let number = take_number(&mut ops)?;
        let source = match number & 3 {
            INSERT => &mut ops,
            COPY | LEAVE_OUT => &mut rest,
            _ => return None,
        };
        let (bytes, left) = source.split_at_checked(number >> 2)?;
        *source = left;
        if number & 3 != LEAVE_OUT {
            before.extend_from_slice(bytes);
        }
    }
    before.extend_from_slice(rest);
    Some(before)
}

/// Pieces that change as a whole, if they change: names, values, words of a text.
fn words(doc: &[u8]) -> Vec<&[u8]> {
    doc.chunk_by(|last, next| !b",:{[ \\".contains(last) && !b"}]".contains(next))
        .collect()
}

fn copy(delta: &mut Vec<u8>, words: &[&[u8]]) {
    op(delta, COPY, length(words));
}

fn replace(delta: &mut Vec<u8>, from: &[&[u8]], to: &[&[u8]]) {
    op(delta, LEAVE_OUT, length(from));
    op(delta, INSERT, length(to));
    for word in to {
        delta.extend_from_slice(word);
    }
}

fn length(words: &[&[u8]]) -> usize {
    words.iter().map(|word| word.len()).sum()
}

fn op(delta: &mut Vec<u8>, what: usize, length: usize) {
    if length == 0 {
        return;
    }
    let mut number = length << 2 | what;
    while number >= 0x80 {
        delta.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    delta.push(number.to_le_bytes()[0]);
}

fn take_number(ops: &mut &[u8]) -> Option<usize> {
    let mut number: usize = 0;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, rest) = ops.split_first()?;
        *ops = rest;
        number |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_delta_holds_what_differs() {
        let after = br#"{"id":"a","labels":{"app":"web"},"version":"17"}"#;
        for (before, delta) in [
            (
                r#"{"id":"a","labels":{"app":"web"},"version":"9"}"#,
                Some(r#"1 copy 43 without 4 "\"9\"""#),
            ),
            (
                r#"{"id":"a","labels":{"app":"web","of":"x"},"version":"17"}"#,
                Some(r#"1 copy 26 without 5 "\"web\",\"of\":\"x\"""#),
            ),
            (
                r#"{"id":"a","labels":{"app":"web"},"version":"17"}"#,
                Some("1 copy 48"),
            ),
            ("{}", None),
        ] {
            let made = make(before.as_bytes(), after);
            assert_eq!(made.as_deref().map(shown).as_deref(), delta, "{before}");
            if let Some(made) = made {
                assert_eq!(apply(&made, after).unwrap(), before.as_bytes());
            }
        }
    }

    fn shown(delta: &[u8]) -> String {
        let mut words = vec![delta[0].to_string()];
        let mut ops = &delta[1..];
        while !ops.is_empty() {
            let number = take_number(&mut ops).unwrap();
            let length = number >> 2;
            words.push(match number & 3 {
                COPY => format!("copy {length}"),
                LEAVE_OUT => format!("without {length}"),
                _ => {
                    let (bytes, rest) = ops.split_at(length);
                    ops = rest;
                    format!("{:?}", std::str::from_utf8(bytes).unwrap())
                }
            });
        }
        words.join(" ")
    }

    fn document() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(r#""name":"a","#),
            Just(r#""list":[1,2,3],"#),
            Just("{}"),
            Just("text with words "),
            Just("ü"),
            Just(","),
        ];
        proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn whatever_the_two_are_the_earlier_one_comes_back(before in document(), after in document()) {
            if let Some(delta) = make(&before, &after) {
                prop_assert!(is_delta(&delta) && delta.len() < before.len());
                prop_assert_eq!(apply(&delta, &after).unwrap(), before);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(delta in any::<Vec<u8>>(), after in any::<Vec<u8>>()) {
            let _ = apply(&[&[DELTA], &delta[..]].concat(), &after);
        }
    }
}
