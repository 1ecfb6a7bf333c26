//! Query templates in the record: text by name. What a template may hold is decided by the command line.
use stocktake_command::{CommandError, Library};
use stocktake_model::EdgeRule;
use stocktake_store::{Records, StoreError};

use crate::core::Core;

const TABLE: &str = "templates";

impl Core {
    fn templates_kept(&self) -> Records {
        self.0
            .store
            .records(TABLE)
            .expect("the name is a constant that the store takes")
    }

    /// The text of a template.
    pub(crate) fn template_text(&self, name: &str) -> Result<Option<String>, CommandError> {
        self.templates_kept().get(name).map_err(trouble)
    }
}

impl Library for Core {
    fn templates(&self) -> Result<Vec<(String, String)>, CommandError> {
        let found: Result<Vec<(String, String)>, StoreError> =
            self.templates_kept().list("").collect();
        found.map_err(trouble)
    }

    fn save_template(&self, name: &str, text: &str) -> Result<(), CommandError> {
        self.templates_kept().put(name, text).map_err(trouble)
    }

    fn delete_template(&self, name: &str) -> Result<bool, CommandError> {
        self.templates_kept().delete(name).map_err(trouble)
    }

    fn edge_rules(&self) -> Vec<EdgeRule> {
        let models = self
            .0
            .models
            .read()
            .expect("nothing panics while it holds the models");
        models
            .values()
            .flat_map(|model| model.rules.clone())
            .collect()
    }
}

fn trouble(error: StoreError) -> CommandError {
    CommandError::world(error.to_string())
}
