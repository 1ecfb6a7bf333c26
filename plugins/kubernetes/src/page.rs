//! One page of a list: split into objects without building them, so that each can be decoded, converted and
//! dropped before the next.
use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::connect::Answer;
use crate::secrets;
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
}

/// One page, not yet decoded.
#[derive(Debug)]
pub(crate) struct Page {
    body: Bytes,
    items: Vec<Range<usize>>,
    columns: Option<secrets::Columns>,
    /// Where the next page starts; `None` on the last one.
    pub token: Option<String>,
    /// Version of the list.
    pub resource_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw<'a> {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: Option<Meta>,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    rows: Option<Vec<&'a RawValue>>,
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

impl Page {
    /// Splits an answer. One of another form than was asked for is an error, and nothing of it is kept: a
    /// server that knows no tables would answer with the Secrets themselves.
    pub(crate) fn read(answer: &Answer, form: Form) -> Result<Self, RequestError> {
        let raw: Raw<'_> = answer.json()?;
        if let Some(wanted) = form.kind().filter(|kind| *kind != raw.kind) {
            return Err(RequestError::WrongForm {
                what: answer.path.clone(),
                wanted,
            });
        }
        let start = answer.body.as_ptr().addr();
        let place = |item: &RawValue| {
            let at = item.get().as_ptr().addr() - start;
            at..at + item.get().len()
        };
        let (items, columns) = match form {
            Form::Rows => {
                let names = raw
                    .column_definitions
                    .iter()
                    .map(|column| column.name.as_str());
                (raw.rows, Some(secrets::Columns::find(names)))
            }
            Form::Objects | Form::Metadata => (raw.items, None),
        };
        let meta = raw.metadata.unwrap_or_default();
        Ok(Self {
            items: items.unwrap_or_default().into_iter().map(place).collect(),
            columns,
            token: meta.token.filter(|token| !token.is_empty()),
            resource_version: meta.resource_version.filter(|version| !version.is_empty()),
            body: answer.body.clone(),
        })
    }

    /// The objects, one by one.
    pub(crate) fn objects(&self) -> impl Iterator<Item = serde_json::Result<Value>> {
        self.items.iter().map(|place| {
            let item: Value = serde_json::from_slice(&self.body[place.clone()])?;
            Ok(match &self.columns {
                Some(columns) => columns.object(item),
                None => item,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, form: Form) -> Result<Page, RequestError> {
        let answer = Answer {
            path: "/x".to_owned(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        Page::read(&answer, form)
    }

    #[test]
    fn a_page_is_split_into_its_objects() {
        let page = read(
            r#"{"items":[{"a":1}, {"b":"é"},7],"metadata":{"continue":"t","resourceVersion":"9"}}"#,
            Form::Objects,
        )
        .unwrap();
        let objects: Vec<String> = page
            .objects()
            .map(|object| object.unwrap().to_string())
            .collect();
        assert_eq!(objects, [r#"{"a":1}"#, r#"{"b":"é"}"#, "7"]);
        assert_eq!(page.token.as_deref(), Some("t"));
        assert_eq!(page.resource_version.as_deref(), Some("9"));
    }

    #[test]
    fn an_empty_list_may_be_null() {
        let page = read(
            r#"{"items":null,"metadata":{"continue":""}}"#,
            Form::Objects,
        )
        .unwrap();
        assert_eq!((page.objects().count(), page.token), (0, None));
    }

    #[test]
    fn broken_or_foreign_answers_are_errors() {
        for (body, form) in [
            ("", Form::Objects),
            (r#"{"items":[{"a":1},"#, Form::Objects),
            (r#"{"items":[{"a":1}]]}"#, Form::Objects),
            (r#"{"items":{}}"#, Form::Objects),
            (r#"{"kind":"SecretList","items":[]}"#, Form::Rows),
            (r#"{"kind":"SecretList","items":[]}"#, Form::Metadata),
        ] {
            assert!(read(body, form).is_err(), "{body}");
        }
    }
}
