//! A node while it is made: the converted object, and what its kind adds to it.
//!
//! Families of kinds write into it; only the converter turns it into records.
use serde_json::Value;
use stocktake_model::{Map, NodeRecord, Parent};

use crate::convert::{find, list, text};

/// A node while it is made.
pub(crate) struct Draft<'c> {
    /// Id of the cluster.
    pub(crate) cluster_id: &'c str,
    /// Name of the cluster.
    pub(crate) cluster_name: &'c str,
    /// The reported section so far.
    pub(crate) reported: Map,
    /// Where values stand, or stood, that can not be read as what they should be.
    pub(crate) unreadable: Vec<String>,
    /// Nodes that are parts of this object alone (containers).
    pub(crate) parts: Vec<NodeRecord>,
    /// Nodes that other objects may bring along too (images, subjects).
    pub(crate) shared: Vec<NodeRecord>,
}

impl<'c> Draft<'c> {
    pub(crate) fn new(cluster_id: &'c str, cluster_name: &'c str, reported: Map) -> Self {
        Self {
            cluster_id,
            cluster_name,
            reported,
            unreadable: Vec::new(),
            parts: Vec::new(),
            shared: Vec::new(),
        }
    }

    /// The text at a path of the reported section.
    pub(crate) fn text(&self, path: &[&str]) -> Option<&str> {
        text(&self.reported, path)
    }

    /// The list at a path of the reported section; empty if there is none.
    pub(crate) fn list(&self, path: &[&str]) -> &[Value] {
        list(&self.reported, path)
    }

    /// The value at a path of the reported section.
    pub(crate) fn find(&self, path: &[&str]) -> Option<&Value> {
        find(&self.reported, path)
    }

    /// The value of a label.
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        text(&self.reported, &["labels", name])
    }

    /// The value of an annotation.
    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        text(&self.reported, &["tags", name])
    }

    /// Sets a property.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.reported.insert(name.to_owned(), value.into());
    }

    /// Sets a property where there is a value for it.
    pub(crate) fn set_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Sets a property to what is read out of the value at a path. One that can not be read costs this property only.
    pub(crate) fn read<T: Into<Value>>(
        &mut self,
        name: &str,
        path: &[&str],
        read: impl Fn(&Value) -> Option<T>,
    ) {
        let found = self.find(path).map(read);
        match found {
            Some(Some(value)) => self.set(name, value),
            Some(None) => self.unreadable.push(path.join(".")),
            None => {}
        }
    }

    /// Sets a property to a text of the same section.
    pub(crate) fn copy(&mut self, name: &str, path: &[&str]) {
        let value = self.text(path).map(str::to_owned);
        self.set_some(name, value);
    }

    /// The section of this name, to add to it.
    pub(crate) fn section(&mut self, name: &str) -> Option<&mut Map> {
        self.reported.get_mut(name)?.as_object_mut()
    }

    /// Adds a node that stands for something several objects refer to.
    pub(crate) fn share(&mut self, kind: &str, id: String, name: &str, mut properties: Map) {
        properties.insert("kind".to_owned(), kind.into());
        properties.insert("id".to_owned(), id.into());
        properties.insert("name".to_owned(), name.into());
        properties.insert("cluster_name".to_owned(), self.cluster_name.into());
        self.shared.push(NodeRecord {
            reported: properties,
            metadata: Map::new(),
            parent: Parent::Account,
        });
    }
}
