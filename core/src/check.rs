//! Reading command lines without running them, and without a core: against the built-in models, and against what the
//! record knows where there is one. `stocktake check` is made of it.
//!
//! Kinds of custom resources are known to clusters only. So a word for a kind that nobody knows is taken for one of
//! them if it looks like one (`kubernetes_…`) and is not a near miss of a known kind; its properties are not looked at.
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use stocktake_command::{CommandError, Context, Ground, Search, Settings};
use stocktake_engine::{EngineError, EngineErrorKind, Graph};
use stocktake_model::{Kind, Model, PluginModel};
use stocktake_store::Store;

use crate::core::now;
use crate::documents::Documents;
use crate::search::{command_error, request};

/// Kinds one search may name that nobody knows.
const MAX_ASSUMED: usize = 64;

/// Reads command lines.
pub struct Checker {
    model: Arc<Model>,
    settings: Settings,
    store: Option<Store>,
}

impl Checker {
    /// A checker that knows these models only.
    pub fn new(models: impl IntoIterator<Item = PluginModel>) -> Self {
        let mut model = Model::default();
        for known in models {
            model.add(known.kinds);
        }
        Self {
            model: Arc::new(model),
            settings: Settings::default(),
            store: None,
        }
    }

    /// The same with what the record in a data directory knows (kinds, custom commands, templates), if there is one
    /// and nobody has it open. Says why it is left out otherwise; nothing is made where nothing is.
    pub fn with_record(mut self, data_dir: &Path) -> Result<Self, (Self, String)> {
        if !data_dir.join("record").exists() {
            return Err((self, "there is no inventory yet".to_owned()));
        }
        let store = match Store::open(data_dir) {
            Ok(store) => store,
            Err(error) => return Err((self, error.to_string())),
        };
        let mut model = Model::clone(&self.model);
        // A damaged model is left out: the built-in one is there.
        for (_, known) in store.model().into_iter().flatten().flatten() {
            model.add(known.kinds);
        }
        if let Ok(documents) = Documents::open(store.clone()) {
            self.settings = documents.settings();
        }
        self.model = Arc::new(model);
        self.store = Some(store);
        Ok(self)
    }

    /// The line with names written out, or what is wrong with it.
    pub fn check(&self, line: &str) -> Result<String, CommandError> {
        let context = Context {
            line: line.to_owned(),
            ..Context::default()
        };
        let checked = stocktake_command::check(&context, self)?;
        for search in checked.searches {
            self.search(search)?;
        }
        Ok(checked.canonical)
    }

    fn search(&self, mut search: Search) -> Result<(), CommandError> {
        // The past needs a record, its question does not.
        search.at = None;
        let request = request(search, Arc::default());
        let mut model = Arc::clone(&self.model);
        for _ in 0..MAX_ASSUMED {
            let assumed = model.kinds().count() > self.model.kinds().count();
            match Graph::new(Arc::clone(&model)).explain(&request) {
                Ok(_) => return Ok(()),
                Err(error) => match custom(&error) {
                    Some(kind) => Arc::make_mut(&mut model).add([kind]),
                    None if assumed && is_property(&error) => return Ok(()),
                    None => return Err(way_out(error)),
                },
            };
        }
        Ok(())
    }
}

/// The kind a custom resource may have that nobody knows.
fn custom(error: &EngineError) -> Option<Kind> {
    let EngineErrorKind::UnknownKind(word) = &error.kind else {
        return None;
    };
    let fits = word.starts_with("kubernetes_") && error.hint.is_none();
    fits.then(|| Kind {
        name: word.clone(),
        bases: vec!["kubernetes_custom_resource".to_owned()],
        ..Kind::default()
    })
}

fn is_property(error: &EngineError) -> bool {
    matches!(error.kind, EngineErrorKind::UnknownProperty(_))
}

fn way_out(error: EngineError) -> CommandError {
    let unknown = matches!(error.kind, EngineErrorKind::UnknownKind(_));
    let error = command_error(error);
    match error.hint {
        None if unknown => error.hint(
            "a custom resource is written with its group, e.g. `kubernetes_cert_manager_io_certificate`",
        ),
        _ => error,
    }
}

impl Ground for Checker {
    fn now(&self) -> Timestamp {
        now()
    }

    fn model(&self) -> Arc<Model> {
        Arc::clone(&self.model)
    }

    fn settings(&self) -> Settings {
        self.settings.clone()
    }

    fn template(&self, name: &str) -> Result<Option<String>, CommandError> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let records = store.records("templates");
        records
            .and_then(|records| records.get(name))
            .map_err(|error| CommandError::world(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use stocktake_model::{Property, PropertyType};

    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Expect) {
        let custom = Kind {
            name: "kubernetes_custom_resource".into(),
            bases: vec!["resource".into()],
            is_abstract: true,
            ..Kind::default()
        };
        let pod = Kind {
            name: "kubernetes_pod".into(),
            bases: vec!["resource".into()],
            properties: vec![Property::new("pod_status", PropertyType::String, "")],
            ..Kind::default()
        };
        let model = PluginModel {
            kinds: vec![custom, pod],
            ..PluginModel::default()
        };
        let shown = match Checker::new([model]).check(line) {
            Ok(canonical) => canonical,
            Err(error) => {
                let span = error.span.unwrap_or_default();
                let hint = error.hint.clone().unwrap_or_default();
                format!("{}..{} {error} ({hint})", span.start, span.end)
            }
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn lines_are_read_without_a_core() {
        check(
            "is(kubernetes_pod) and pod_status=x | count ; kind",
            expect!["search is(kubernetes_pod) and pod_status=x | count ; kinds"],
        );
        check(
            "search is(kubernetes_pdo)",
            expect!["10..24 unknown kind `kubernetes_pdo` (did you mean `kubernetes_pod`?)"],
        );
        check(
            "search is(",
            expect![
                "10..10 expected a kind (write one kind or several: `is(pod, service)`; put others in double quotes)"
            ],
        );
        check(
            "search is(kubernetes_pod) and pod_statsu=1",
            expect!["30..40 unknown property `pod_statsu` (did you mean `pod_status`?)"],
        );
    }

    #[test]
    fn kinds_of_custom_resources_are_taken_on_trust() {
        check(
            "search is(kubernetes_example_org_widget) and widget_spec.size > 3",
            expect!["search is(kubernetes_example_org_widget) and widget_spec.size > 3"],
        );
        check(
            "search is(widget)",
            expect![
                "10..16 unknown kind `widget` (a custom resource is written with its group, e.g. `kubernetes_cert_manager_io_certificate`)"
            ],
        );
    }

    #[test]
    fn lines_that_are_kept_are_read_as_well() {
        check(
            r#"jobs add --id a --schedule "0 5 * * *" search is(kubernetes_pdo) | clean"#,
            expect!["10..24 unknown kind `kubernetes_pdo` (did you mean `kubernetes_pod`?)"],
        );
        check(
            "jobs add --id a 'search is(kubernetes_pod) | claen'",
            expect!["45..50 unknown command `claen` (did you mean `clean`?)"],
        );
    }
}
