//! Finds the elements of a list in JSON that arrives in pieces: one element at a time is held, and beside it what
//! stands around the list.
//!
//! It knows brackets and strings, not values: whether an element is JSON is found by whoever decodes it.
use memchr::memchr2;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// The list begins: what stands before it can be looked at.
    List,
    /// An element is complete.
    Element,
    /// An element was skipped: it is larger than what may be held.
    TooLarge,
}

/// Why there is no going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Between two elements stands something else than a comma.
    NoComma,
    /// What stands around the list is larger than what may be held.
    TooLarge,
}

/// Takes a document apart whose top is an object with one list in it.
#[derive(Debug)]
pub(crate) struct Splitter {
    /// Key of the list.
    list: &'static str,
    /// Bytes that are held at most: of one element, and of everything around.
    largest: usize,
    place: Place,
    scan: Scan,
    /// The document without the elements.
    around: Vec<u8>,
    /// Where the newest key or text at the top begins in it.
    text_at: usize,
    /// Whether the newest text at the top is the key of the list.
    is_key: bool,
    element: Vec<u8>,
    /// The element is too large.
    skips: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Around,
    /// Before the first element.
    First,
    /// After a comma.
    Next,
    /// After an element.
    After,
    /// In an element with brackets or quotes around it.
    Closed,
    /// In a number or a word.
    Bare,
}

/// Where in brackets and strings a scan is.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Splitter {
    /// A splitter for the list under this key.
    pub(crate) fn new(list: &'static str, largest: usize) -> Self {
        Self {
            list,
            largest,
            place: Place::Around,
            scan: Scan::default(),
            around: Vec::new(),
            text_at: 0,
            is_key: false,
            element: Vec::new(),
            skips: false,
        }
    }

    /// The element that was found last.
    pub(crate) fn element(&self) -> &[u8] {
        &self.element
    }

    /// What stands around the list, so far; the list itself is empty.
    pub(crate) fn around(&self) -> &[u8] {
        &self.around
    }

    /// Bytes that are held at most.
    pub(crate) fn largest(&self) -> usize {
        self.largest
    }

    /// Takes bytes off `input` until something is found; `None` when all are taken.
    pub(crate) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Found>, Broken> {
        while let Some(&byte) = input.first() {
            let found = match self.place {
                Place::Around => self.around_list(input)?,
                Place::Closed => self.closed(input),
                Place::Bare => self.bare(input),
                Place::First | Place::Next | Place::After => {
                    self.between(byte, input)?;
                    None
                }
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn around_list(&mut self, input: &mut &[u8]) -> Result<Option<Found>, Broken> {
        let byte = input[0];
        *input = &input[1..];
        if self.around.len() == self.largest {
            return Err(Broken::TooLarge);
        }
        let at_top = self.scan.depth == 1;
        let was_in_string = self.scan.in_string;
        let opens = byte == b'[' && at_top && !was_in_string && self.is_key;
        if byte == b'"' && !was_in_string {
            self.text_at = self.around.len() + 1;
        }
        if at_top && !was_in_string && byte == b',' {
            self.is_key = false;
        }
        self.around.push(byte);
        if opens {
            self.place = Place::First;
            self.is_key = false;
            return Ok(Some(Found::List));
        }
        self.scan.take(byte);
        if at_top && was_in_string && !self.scan.in_string {
            let end = self.around.len() - 1;
            self.is_key = &self.around[self.text_at..end] == self.list.as_bytes();
        }
        Ok(None)
    }

    fn between(&mut self, byte: u8, input: &mut &[u8]) -> Result<(), Broken> {
        self.place = match (byte, self.place) {
            (b' ' | b'\n' | b'\r' | b'\t', place) => place,
            (b',', Place::After) => Place::Next,
            (b']', Place::First | Place::After) => {
                self.around.push(byte);
                self.scan = Scan {
                    depth: 1,
                    ..Scan::default()
                };
                Place::Around
            }
            (b',' | b']' | b'}' | b':', _) | (_, Place::After) => return Err(Broken::NoComma),
            (byte, _) => {
                self.element.clear();
                self.skips = false;
                self.scan = Scan::default();
                // The byte belongs to the element and is looked at there.
                self.place = match byte {
                    b'{' | b'[' | b'"' => Place::Closed,
                    _ => Place::Bare,
                };
                return Ok(());
            }
        };
        *input = &input[1..];
        Ok(())
    }

    fn closed(&mut self, input: &mut &[u8]) -> Option<Found> {
        let end = self.scan.value_end(input);
        self.hold(&input[..end.unwrap_or(input.len())]);
        *input = &input[end.unwrap_or(input.len())..];
        end.map(|_| self.ended())
    }

    fn bare(&mut self, input: &mut &[u8]) -> Option<Found> {
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t');
        let end = input.iter().position(ends);
        self.hold(&input[..end.unwrap_or(input.len())]);
        *input = &input[end.unwrap_or(input.len())..];
        end.map(|_| self.ended())
    }

    fn hold(&mut self, bytes: &[u8]) {
        if self.skips || self.element.len() + bytes.len() > self.largest {
            self.skips = true;
            self.element = Vec::new();
        } else {
            self.element.extend_from_slice(bytes);
        }
    }

    fn ended(&mut self) -> Found {
        self.place = Place::After;
        if self.skips {
            Found::TooLarge
        } else {
            Found::Element
        }
    }
}

impl Scan {
    fn take(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if std::mem::take(&mut self.escaped) => {}
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            // Below zero is no JSON; whoever decodes it will say so.
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    /// How many bytes of `input` belong to a value with brackets or quotes around it; `None` if it goes on.
    fn value_end(&mut self, input: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = input.get(at) {
            if self.in_string && !self.escaped {
                // Most bytes are text.
                match memchr2(b'"', b'\\', &input[at..]) {
                    None => return None,
                    Some(0) => {}
                    Some(further) => {
                        at += further;
                        continue;
                    }
                }
            }
            self.take(*byte);
            at += 1;
            let may_end = matches!(byte, b'}' | b']' | b'"');
            if may_end && self.depth == 0 && !self.in_string {
                return Some(at);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// What is found in a body that arrives in pieces of this size.
    fn split(body: &str, size: usize) -> (Vec<String>, String, Option<Broken>) {
        let mut splitter = Splitter::new("items", 64);
        let mut found = Vec::new();
        for mut piece in body.as_bytes().chunks(size) {
            loop {
                match splitter.next(&mut piece) {
                    Ok(None) => break,
                    Ok(Some(Found::List)) => {}
                    Ok(Some(Found::TooLarge)) => found.push("(too large)".to_owned()),
                    Ok(Some(Found::Element)) => {
                        found.push(String::from_utf8_lossy(splitter.element()).into_owned());
                    }
                    Err(broken) => {
                        let around = String::from_utf8_lossy(splitter.around()).into_owned();
                        return (found, around, Some(broken));
                    }
                }
            }
        }
        let around = String::from_utf8_lossy(splitter.around()).into_owned();
        (found, around, None)
    }

    #[track_caller]
    fn check(body: &str, expected: Expect) {
        let (found, around, broken) = split(body, body.len());
        for size in 1..body.len() {
            assert_eq!(
                split(body, size),
                (found.clone(), around.clone(), broken),
                "{size}"
            );
        }
        let broken = broken
            .map(|broken| format!("\n{broken:?}"))
            .unwrap_or_default();
        expected.assert_eq(&format!("{}\n{around}{broken}", found.join("\n")));
    }

    #[test]
    fn elements_are_found_wherever_the_body_breaks() {
        check(
            r#"{"kind":"items","a":{"items":[1]},"items":[{"a":"]}\"é"}, [[1],{}],"x\\",7 , true],"z":1}"#,
            expect![[r#"
                {"a":"]}\"é"}
                [[1],{}]
                "x\\"
                7
                true
                {"kind":"items","a":{"items":[1]},"items":[],"z":1}"#]],
        );
        check(
            r#"{"items":[]}"#,
            expect![[r#"

            {"items":[]}"#]],
        );
    }

    #[test]
    fn what_is_no_list_stays_around() {
        check(
            r#"{"items":null,"x":[1]}"#,
            expect![[r#"

            {"items":null,"x":[1]}"#]],
        );
        check(
            r#"{"items":{"a":[1]}}"#,
            expect![[r#"

            {"items":{"a":[1]}}"#]],
        );
    }

    #[test]
    fn a_broken_element_costs_itself_only() {
        check(
            r#"{"items":[{"a":},{"b":2}]}"#,
            expect![[r#"
            {"a":}
            {"b":2}
            {"items":[]}"#]],
        );
        check(
            r#"{"items":[{"a":1}{"b":2}]}"#,
            expect![[r#"
            {"a":1}
            {"items":[
            NoComma"#]],
        );
        check(
            r#"{"items":[,1]}"#,
            expect![[r#"

            {"items":[
            NoComma"#]],
        );
    }

    #[test]
    fn what_is_too_large_is_skipped_or_given_up() {
        let long = "x".repeat(65);
        check(
            &format!(r#"{{"items":[1,"{long}",2]}}"#),
            expect![[r#"
            1
            (too large)
            2
            {"items":[]}"#]],
        );
        check(
            &format!(r#"{{"a":"{long}"}}"#),
            expect![[r#"

            {"a":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
            TooLarge"#]],
        );
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(|number| json!(number)),
            "[a\"\\\\{}\\[\\],: é\n]{0,6}".prop_map(|text| json!(text)),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c\"\\]]{0,2}", inner, 0..4)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_list_comes_apart_into_what_it_was_made_of(
            items in prop::collection::vec(value(), 0..6),
            other in value(),
            size in 1_usize..40,
        ) {
            let body = json!({"a": other, "items": items, "z": other}).to_string();
            let mut splitter = Splitter::new("items", 1 << 20);
            let mut found: Vec<Value> = Vec::new();
            for mut piece in body.as_bytes().chunks(size) {
                while let Some(what) = splitter.next(&mut piece).unwrap() {
                    if what == Found::Element {
                        found.push(serde_json::from_slice(splitter.element()).unwrap());
                    }
                }
            }
            prop_assert_eq!(found, items);
            prop_assert_eq!(splitter.place, Place::Around);
            let around: Value = serde_json::from_slice(splitter.around()).unwrap();
            prop_assert_eq!(around, json!({"a": other, "items": [], "z": other}));
        }

        #[test]
        fn nothing_makes_it_panic(body in "[{}\\[\\]\",:\\\\a1 ]{0,40}", size in 1_usize..9) {
            let _ = split(&format!("{{\"items\":{body}"), size);
        }
    }
}
