//! One line of a watch: what happened, and to which object. Nothing is kept of a line in another form than was
//! asked for: it could be a Secret.
use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::page::Form;
use crate::secrets;
use crate::trouble::{Refusal, RequestError};

/// What happened.
#[derive(Debug)]
pub(super) enum Event {
    /// An object is there, or different.
    Changed(Value),
    /// An object is gone; this is how it was last.
    Gone(Value),
    /// Nothing, up to this version.
    Bookmark(String),
    /// The server ends the watch.
    Refused(Refusal),
}

/// Reads the lines of one watch.
pub(super) struct Reader {
    form: Form,
    path: String,
    /// Where a table has its cells: told with the first event only.
    columns: secrets::Columns,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

impl Reader {
    /// A reader of a watch at this path.
    pub(super) fn new(form: Form, path: &str) -> Self {
        Self {
            form,
            path: path.to_owned(),
            columns: secrets::Columns::default(),
        }
    }

    /// Reads a line.
    pub(super) fn read(&mut self, line: &[u8]) -> Result<Event, RequestError> {
        let path = self.path.clone();
        let malformed = |why: &str| RequestError::Malformed {
            what: path.clone(),
            why: why.to_owned(),
        };
        let line: Line<'_> =
            serde_json::from_slice(line).map_err(|_| malformed("a line is no event"))?;
        let raw = line.object.get();
        if line.event == "ERROR" {
            return Ok(Event::Refused(refusal(raw.as_bytes())));
        }
        let object: Value =
            serde_json::from_str(raw).map_err(|_| malformed("an object is nested too deeply"))?;
        let version = object["metadata"]["resourceVersion"].as_str();
        let version = version.map(str::to_owned);
        let object = self.shaped(object)?;
        match line.event.as_ref() {
            "ADDED" | "MODIFIED" => Ok(Event::Changed(object)),
            "DELETED" => Ok(Event::Gone(object)),
            "BOOKMARK" => {
                let inner = object["metadata"]["resourceVersion"].as_str();
                let version = version.or_else(|| inner.map(str::to_owned));
                let version = version.filter(|version| !version.is_empty());
                version
                    .map(Event::Bookmark)
                    .ok_or_else(|| malformed("a bookmark has no version"))
            }
            _ => Err(malformed("an event has an unknown type")),
        }
    }

    /// The object as a list would have it.
    fn shaped(&mut self, mut object: Value) -> Result<Value, RequestError> {
        let wanted = match self.form {
            Form::Objects => return Ok(object),
            Form::Rows => "Table",
            Form::Metadata => "PartialObjectMetadata",
        };
        if object["kind"] != wanted {
            return Err(RequestError::WrongForm {
                what: self.path.clone(),
                wanted,
            });
        }
        if self.form == Form::Metadata {
            return Ok(secrets::with_keys(object));
        }
        if let Some(columns) = object["columnDefinitions"].as_array()
            && !columns.is_empty()
        {
            let names = columns.iter().filter_map(|column| column["name"].as_str());
            self.columns = secrets::Columns::find(names);
        }
        let row = object["rows"].get_mut(0).map(Value::take);
        Ok(self.columns.object(row.unwrap_or_default()))
    }
}

fn refusal(status: &[u8]) -> Refusal {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Code {
        code: u16,
    }
    let code: Code = serde_json::from_slice(status).unwrap_or_default();
    Refusal::read(code.code, None, status)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(form: Form, lines: &[&str], expected: Expect) {
        let mut reader = Reader::new(form, "/x");
        let shown: Vec<String> = lines
            .iter()
            .map(|line| match reader.read(line.as_bytes()) {
                Ok(Event::Changed(object)) => format!("changed {object}\n"),
                Ok(Event::Gone(object)) => format!("gone {object}\n"),
                Ok(Event::Bookmark(version)) => format!("bookmark {version}\n"),
                Ok(Event::Refused(refusal)) => format!("refused {refusal}\n"),
                Err(error) => format!("{error}\n"),
            })
            .collect();
        expected.assert_eq(&shown.concat());
    }

    #[test]
    fn lines_say_what_happened() {
        check(
            Form::Objects,
            &[
                r#"{"type":"ADDED","object":{"kind":"Pod","metadata":{"resourceVersion":"1"}}}"#,
                r#"{"type":"DELETED","object":{"kind":"Pod"}}"#,
                r#"{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"7"}}}"#,
                r#"{"type":"BOOKMARK","object":{"kind":"Pod"}}"#,
                r#"{"type":"ERROR","object":{"kind":"Status","message":"too old","code":410}}"#,
                r#"{"type":"SOMETHING","object":{}}"#,
                r#"{"type":"ADDED""#,
            ],
            expect![[r#"
                changed {"kind":"Pod","metadata":{"resourceVersion":"1"}}
                gone {"kind":"Pod"}
                bookmark 7
                the answer to `/x` can not be read: a bookmark has no version
                refused too old (410)
                the answer to `/x` can not be read: an event has an unknown type
                the answer to `/x` can not be read: a line is no event
            "#]],
        );
    }

    #[test]
    fn rows_keep_the_columns_and_nothing_but_rows_is_kept() {
        check(
            Form::Rows,
            &[
                r#"{"type":"ADDED","object":{"kind":"Table","columnDefinitions":[{"name":"Name"},{"name":"Type"}],
                    "rows":[{"cells":["a","Opaque"],"object":{"metadata":{"name":"a"},"data":{"x":"y"}}}]}}"#,
                r#"{"type":"MODIFIED","object":{"kind":"Table","columnDefinitions":null,
                    "rows":[{"cells":["b","tls"],"object":{"metadata":{"name":"b"}}}]}}"#,
                r#"{"type":"BOOKMARK","object":{"kind":"Table","metadata":{"resourceVersion":"3"},"rows":[]}}"#,
                r#"{"type":"ADDED","object":{"kind":"Secret","data":{"password":"canary"}}}"#,
            ],
            expect![[r#"
                changed {"metadata":{"name":"a"},"type":"Opaque"}
                changed {"metadata":{"name":"b"},"type":"tls"}
                bookmark 3
                the answer to `/x` is no `Table`
            "#]],
        );
    }
}
