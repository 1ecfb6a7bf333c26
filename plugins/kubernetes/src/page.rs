//! One page of a list while it arrives: each object is handed on as soon as it is complete, and before the next.
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::connect::{Frames, malformed};
use crate::raw::Raw;
use crate::secrets;
use crate::split::{Broken, Found, Splitter};
use crate::trouble::RequestError;

/// What the list is asked for as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Whole objects.
    Objects,
    /// Rows with type, number of keys and metadata: how Secrets are listed.
    Rows,
    /// Metadata only: how Secrets are listed where the server knows no rows.
    Metadata,
}

impl Form {
    /// The `Accept` header. None but the first lets the server answer with whole objects instead.
    pub(crate) fn accept(self) -> &'static str {
        match self {
            Self::Objects => crate::connect::JSON,
            Self::Rows => "application/json;as=Table;g=meta.k8s.io;v=v1",
            Self::Metadata => "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
        }
    }

    /// What `kind` the answer must have; `None` for any list.
    fn kind(self) -> Option<&'static str> {
        match self {
            Self::Objects => None,
            Self::Rows => Some("Table"),
            Self::Metadata => Some("PartialObjectMetadataList"),
        }
    }

    /// The key of the list.
    fn list(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Objects | Self::Metadata => "items",
        }
    }
}

/// Why an object of a page can not be had. The others can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It is no JSON, or nested too deeply.
    Malformed,
    /// It is larger than what may be held.
    TooLarge,
}

/// An object of a page, or why it can not be had.
pub(crate) type Object = Result<Element, Lost>;

/// An object of a page that nobody has read yet.
#[derive(Debug)]
pub(crate) enum Element {
    /// As the server wrote it.
    Text(Vec<u8>),
    /// Made of a row, or of metadata.
    Made(Value),
}

impl Element {
    /// The object, with its texts where they are. [`Lost::Malformed`] if it is none.
    pub(crate) fn raw(&self) -> Result<Raw<'_>, Lost> {
        match self {
            Self::Text(text) => serde_json::from_slice(text).map_err(|_| Lost::Malformed),
            Self::Made(value) => Ok(value.clone().into()),
        }
    }

    /// Bytes it takes; of one that was made none are counted, since it is small.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Made(_) => 0,
        }
    }

    /// The object, as a value of its own.
    pub(crate) fn value(self) -> Result<Value, Lost> {
        match self {
            Self::Text(text) => serde_json::from_slice(&text).map_err(|_| Lost::Malformed),
            Self::Made(value) => Ok(value),
        }
    }
}

/// What is known at the end of a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Where the next page starts; `None` on the last one.
    pub token: Option<String>,
    /// Version of the list.
    pub resource_version: Option<String>,
}

/// A page that arrives.
pub(crate) struct Page {
    frames: Frames,
    chunk: Bytes,
    reader: Reader,
}

impl Page {
    /// A page in this form, in the body of an answer.
    pub(crate) fn new(frames: Frames, form: Form) -> Self {
        let reader = Reader::new(form, frames.path(), frames.largest());
        Self {
            frames,
            chunk: Bytes::new(),
            reader,
        }
    }

    /// The next object; `None` after the last. Waits for more of the answer where there is none yet.
    pub(crate) async fn next(&mut self) -> Result<Option<Object>, RequestError> {
        loop {
            if let Some(object) = self.reader.next(&mut self.chunk)? {
                return Ok(Some(object));
            }
            match self.frames.next().await? {
                Some(chunk) => self.chunk = chunk,
                None => return Ok(None),
            }
        }
    }

    /// Where the next page starts, if that stands before the objects and was read.
    pub(crate) fn token(&self) -> Option<&str> {
        self.reader.token.as_deref()
    }

    /// Time in which it was waited for since this was asked last.
    pub(crate) fn take_waited(&mut self) -> Duration {
        self.frames.take_waited()
    }

    /// What is known at its end; an error if the answer was not complete.
    pub(crate) fn tail(&self) -> Result<Tail, RequestError> {
        self.reader.tail()
    }
}

/// Makes objects of the bytes of a page.
struct Reader {
    form: Form,
    path: String,
    splitter: Splitter,
    columns: Option<secrets::Columns>,
    /// Where the next page starts, as far as what stands before the list tells.
    token: Option<String>,
}

/// What stands around the objects.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Around {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: Option<Meta>,
    /// Only its shape is of interest: an answer with another one is no list.
    #[serde(default, rename = "items")]
    _items: Option<Vec<IgnoredAny>>,
    #[serde(default, rename = "rows")]
    _rows: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    column_definitions: Vec<Column>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    #[serde(rename = "continue")]
    token: Option<String>,
    resource_version: Option<String>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

impl Reader {
    fn new(form: Form, path: &str, largest: usize) -> Self {
        Self {
            form,
            path: path.to_owned(),
            splitter: Splitter::new(form.list(), largest),
            columns: None,
            token: None,
        }
    }

    /// The next object in these bytes, which are taken; `None` when all are.
    fn next(&mut self, bytes: &mut Bytes) -> Result<Option<Object>, RequestError> {
        loop {
            let mut input: &[u8] = bytes;
            let found = self.splitter.next(&mut input);
            let taken = bytes.len() - input.len();
            bytes.advance(taken);
            match found.map_err(|broken| self.broken(broken))? {
                None => return Ok(None),
                Some(Found::List) => self.begin()?,
                Some(Found::TooLarge) => return Ok(Some(Err(Lost::TooLarge))),
                Some(Found::Element) => return Ok(Some(self.object())),
            }
        }
    }

    /// Looks at what came before the list. An answer of another form than was asked for is an error before anything of
    /// it is read: a server that knows no tables would answer with the Secrets themselves.
    fn begin(&mut self) -> Result<(), RequestError> {
        let head = [self.splitter.around(), b"]}"].concat();
        let head: Around = match serde_json::from_slice(&head) {
            Ok(head) => head,
            // What is wrong with it is found at its end.
            Err(_) if self.form.kind().is_none() => return Ok(()),
            Err(error) => return Err(malformed(&self.path, &error)),
        };
        self.check(&head)?;
        let token = head.metadata.as_ref().and_then(|meta| meta.token.clone());
        self.token = token.filter(|token| !token.is_empty());
        if self.form == Form::Rows {
            let names = head.column_definitions.iter();
            let columns = secrets::Columns::find(names.map(|column| column.name.as_str()));
            self.columns = Some(columns);
        }
        Ok(())
    }

    fn check(&self, around: &Around) -> Result<(), RequestError> {
        match self.form.kind().filter(|kind| *kind != around.kind) {
            None => Ok(()),
            Some(wanted) => Err(RequestError::WrongForm {
                what: self.path.clone(),
                wanted,
            }),
        }
    }

    fn object(&self) -> Object {
        let element = self.splitter.element();
        let row = || serde_json::from_slice(element).map_err(|_| Lost::Malformed);
        Ok(match (&self.columns, self.form) {
            (Some(columns), _) => Element::Made(columns.object(row()?)),
            (None, Form::Metadata) => Element::Made(secrets::with_keys(row()?)),
            (None, _) => Element::Text(element.to_vec()),
        })
    }

    fn tail(&self) -> Result<Tail, RequestError> {
        let around: Around = serde_json::from_slice(self.splitter.around())
            .map_err(|error| malformed(&self.path, &error))?;
        self.check(&around)?;
        let meta = around.metadata.unwrap_or_default();
        Ok(Tail {
            token: meta.token.filter(|token| !token.is_empty()),
            resource_version: meta.resource_version.filter(|version| !version.is_empty()),
        })
    }

    fn broken(&self, broken: Broken) -> RequestError {
        match broken {
            Broken::NoComma => RequestError::Malformed {
                what: self.path.clone(),
                why: "its objects are not separated".to_owned(),
            },
            // No table is that large without its rows.
            Broken::TooLarge => match self.form.kind() {
                Some(wanted) => RequestError::WrongForm {
                    what: self.path.clone(),
                    wanted,
                },
                None => RequestError::TooLarge {
                    what: self.path.clone(),
                    limit: self.splitter.largest(),
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, form: Form) -> Result<(Vec<String>, Tail), RequestError> {
        let mut reader = Reader::new(form, "/x", 1 << 10);
        let mut bytes = Bytes::copy_from_slice(body.as_bytes());
        let mut objects = Vec::new();
        while let Some(object) = reader.next(&mut bytes)? {
            let object = object.and_then(Element::value);
            objects
                .push(object.map_or_else(|lost| format!("{lost:?}"), |object| object.to_string()));
        }
        Ok((objects, reader.tail()?))
    }

    #[test]
    fn a_page_is_split_into_its_objects() {
        let (objects, tail) = read(
            r#"{"items":[{"a":1}, {"b":"é"},7,{"c"}],"metadata":{"continue":"t","resourceVersion":"9"}}"#,
            Form::Objects,
        )
        .unwrap();
        assert_eq!(objects, [r#"{"a":1}"#, r#"{"b":"é"}"#, "7", "Malformed"]);
        assert_eq!(tail.token.as_deref(), Some("t"));
        assert_eq!(tail.resource_version.as_deref(), Some("9"));
    }

    #[test]
    fn an_empty_list_may_be_null() {
        let page = read(
            r#"{"items":null,"metadata":{"continue":""}}"#,
            Form::Objects,
        )
        .unwrap();
        assert_eq!(page, (Vec::new(), Tail::default()));
    }

    #[test]
    fn rows_are_read_by_the_columns_before_them() {
        let body = r#"{"kind":"Table","columnDefinitions":[{"name":"Name"},{"name":"Type"}],
            "rows":[{"cells":["a","Opaque"],"object":{"metadata":{"name":"a"},"data":{"x":"y"}}}]}"#;
        let (objects, _) = read(body, Form::Rows).unwrap();
        assert_eq!(objects, [r#"{"metadata":{"name":"a"},"type":"Opaque"}"#]);
    }

    #[test]
    fn broken_or_foreign_answers_are_errors() {
        for (body, form) in [
            ("", Form::Objects),
            (r#"{"items":[{"a":1},"#, Form::Objects),
            (r#"{"items":[{"a":1}]"#, Form::Objects),
            (r#"{"items":[{"a":1}]]}"#, Form::Objects),
            (r#"{"items":{}}"#, Form::Objects),
            (r#"{"kind":"SecretList","items":[]}"#, Form::Rows),
            (
                r#"{"kind":"SecretList","rows":[{"object":{}}]}"#,
                Form::Rows,
            ),
            (
                r#"{"kind":"SecretList","items":[{"data":{}}]}"#,
                Form::Metadata,
            ),
            // What an object is has to be known before it is read.
            (
                r#"{"items":[{}],"kind":"PartialObjectMetadataList"}"#,
                Form::Metadata,
            ),
        ] {
            assert!(read(body, form).is_err(), "{body}");
        }
    }
}
