//! What plugins told about their resources, so that a kind once seen stays known.
use stocktake_model::PluginModel;

use crate::{Store, StoreError};

/// A plugin's name and model, or why it can not be read.
type Found = Result<(String, PluginModel), StoreError>;

const TABLE: &str = "model";

impl Store {
    /// The model of every plugin, by its name. A damaged one is an error in its place.
    pub fn model(&self) -> Result<Vec<Found>, StoreError> {
        Ok(self.records(TABLE)?.list("").collect())
    }

    /// Replaces the model of a plugin. Nothing is written if it is what is stored.
    pub fn put_model(&self, plugin: &str, model: &PluginModel) -> Result<(), StoreError> {
        let records = self.records(TABLE)?;
        if matches!(records.get::<PluginModel>(plugin), Ok(Some(stored)) if stored == *model) {
            return Ok(());
        }
        records.put(plugin, model)
    }
}
