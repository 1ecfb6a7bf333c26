//! A node as it travels and as it is kept: one text, written where the node was made.
//!
//! Whoever takes it reads the text in place. A tree of values would be made by one thread and taken apart by another,
//! which costs more than all that is done with it in between.
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{NodeId, NodeRecord};

/// Bytes of most documents.
const USUAL_BYTES: usize = 4096;

/// A [`NodeRecord`] as JSON. The same record always has the same text: keys of objects stand in their order, nothing stands
/// between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    kind: Box<str>,
    id: Box<str>,
    text: String,
}

impl Document {
    /// Writes a record.
    #[expect(clippy::missing_panics_doc, reason = "a record can always be written")]
    pub fn new(record: &NodeRecord) -> Self {
        let mut text = Vec::with_capacity(USUAL_BYTES);
        serde_json::to_writer(&mut text, record).expect("keys of records are texts");
        Self {
            kind: record.kind().into(),
            id: record.id().into(),
            text: String::from_utf8(text).expect("JSON is text"),
        }
    }

    /// The concrete kind; empty if the record is malformed.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// `reported.id`; empty if the record is malformed.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The node id of the record inside an account.
    pub fn node_id(&self, cloud: &str, account: &str) -> NodeId {
        NodeId::of(&self.kind, cloud, account, &self.id)
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads the record. One that is nested deeper than anything that is read (128 levels) can be written only.
    pub fn record(&self) -> serde_json::Result<NodeRecord> {
        serde_json::from_str(&self.text)
    }
}

impl From<NodeRecord> for Document {
    fn from(record: NodeRecord) -> Self {
        Self::new(&record)
    }
}

/// The text stands in what is written as it is.
impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: &RawValue =
            serde_json::from_str(&self.text).map_err(serde::ser::Error::custom)?;
        text.serialize(serializer)
    }
}

/// What others wrote is written anew, so that there is one text for a record.
impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        NodeRecord::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_has_one_text_however_it_was_written() {
        let foreign = r#" {"parent": {"uid": "u"}, "reported": {"name": "ä", "kind": "pod", "id": "1", "x": [1.5e0, null]}}"#;
        let document: Document = serde_json::from_str(foreign).unwrap();
        let text = r#"{"reported":{"id":"1","kind":"pod","name":"ä","x":[1.5,null]},"parent":{"uid":"u"}}"#;
        assert_eq!(document.text(), text);
        assert_eq!(serde_json::to_string(&document).unwrap(), text);
        assert_eq!((document.kind(), document.id()), ("pod", "1"));
        let record = document.record().unwrap();
        assert_eq!(record.reported["x"], json!([1.5, null]));
        assert_eq!(Document::new(&record), document);
        assert_eq!(document.node_id("k8s", "c"), record.node_id("k8s", "c"));
    }

    #[test]
    fn a_record_that_is_too_deep_to_be_read_is_an_error() {
        let mut record = NodeRecord::default();
        let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
        record.reported.insert("x".to_owned(), deep);
        let document = Document::new(&record);
        assert!(document.record().is_err());
        let line = serde_json::to_string(&document).unwrap();
        assert!(serde_json::from_str::<Document>(&line).is_err());
    }
}
