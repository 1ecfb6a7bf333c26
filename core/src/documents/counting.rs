//! What the documents come to, for those who go by them: values as types, defaults where a document cannot be read.
//!
//! How documents are kept and changed stands beside this.
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use stocktake_client::WorkLimits;
use stocktake_command::{CommandError, Parameter, Place, Settings, Shorthand};
use stocktake_config::{
    CoreConfig, CustomCommand, DocumentId, GraphConfig, SnapshotSchedule, WorkerConfig, Workflow,
};
use tracing::warn;

use super::{Documents, config_error};

impl Documents {
    /// The settings of worker, clean-up and plugins.
    pub(crate) fn worker(&self) -> Result<WorkerConfig, CommandError> {
        self.parsed(DocumentId::Worker)?
            .worker()
            .map_err(|error| config_error(&error))
    }

    /// What a worker may do at the moment.
    pub(crate) fn work_limits(&self) -> WorkLimits {
        let worker = self
            .worker()
            .inspect_err(|error| warn!(%error, "the defaults count instead"));
        let WorkerConfig { worker, .. } = worker.unwrap_or_default();
        WorkLimits {
            pool_size: worker.pool_size,
            timeout_secs: worker.timeout_secs,
        }
    }

    /// Schedules of labelled copies, by label; none where they cannot be read, so that nothing is removed by mistake.
    pub(crate) fn snapshots(&self) -> BTreeMap<String, SnapshotSchedule> {
        let parsed = self.parsed(DocumentId::Snapshots);
        let read =
            parsed.and_then(|parsed| parsed.snapshots().map_err(|error| config_error(&error)));
        read.inspect_err(|error| warn!(%error, "no copies of the graph are kept"))
            .map(|config| config.schedules)
            .unwrap_or_default()
    }

    fn core(&self) -> CoreConfig {
        let parsed = self.parsed(DocumentId::Core);
        let core = parsed.and_then(|parsed| parsed.core().map_err(|error| config_error(&error)));
        core.inspect_err(|error| warn!(%error, "the defaults count instead"))
            .unwrap_or_default()
    }

    /// What is kept of the past, and for how long.
    pub(crate) fn kept(&self) -> GraphConfig {
        self.core().graph
    }

    /// What the configuration says about the command line.
    pub(crate) fn settings(&self) -> Settings {
        let cli = self.core().cli;
        Settings {
            section: cli.default_section,
            search_timeout: Some(Duration::from_secs(cli.search_timeout_secs)),
            aliases: self.shorthands(),
        }
    }

    /// Custom commands, by name; of two with the same name the first counts.
    fn shorthands(&self) -> BTreeMap<String, Shorthand> {
        let parsed = self.parsed(DocumentId::Commands);
        let commands =
            parsed.and_then(|parsed| parsed.commands().map_err(|error| config_error(&error)));
        let commands = commands
            .inspect_err(|error| warn!(%error, "there are no custom commands"))
            .unwrap_or_default();
        let mut found = BTreeMap::new();
        for command in commands.commands {
            found
                .entry(command.name.clone())
                .or_insert_with(|| shorthand(command));
        }
        found
    }

    /// The cron expressions of workflows, by name; those that never start by themselves have none.
    pub(crate) fn schedules(&self) -> BTreeMap<&'static str, String> {
        let workflows = self.core().workflows;
        let schedules = [
            ("cleanup", workflows.cleanup),
            ("collect", workflows.collect),
            ("collect_and_cleanup", workflows.collect_and_cleanup),
            ("metrics", workflows.metrics),
        ];
        let given = |(name, workflow): (_, Workflow)| Some((name, workflow.schedule?));
        schedules.into_iter().filter_map(given).collect()
    }

    /// The section of a plugin.
    pub(crate) fn section(&self, plugin: &str) -> Value {
        let worker = self
            .worker()
            .inspect_err(|error| warn!(%error, "the defaults count instead"));
        let worker = worker.unwrap_or_default();
        let section = match plugin {
            "file" => serde_json::to_value(worker.file),
            "k8s" => serde_json::to_value(worker.k8s),
            _ => Ok(json!({})),
        };
        section.unwrap_or_else(|_| json!({}))
    }
}

fn shorthand(command: CustomCommand) -> Shorthand {
    let parameters = command.parameters.into_iter();
    Shorthand {
        info: command.info,
        description: command.description,
        template: command.template,
        parameters: parameters
            .map(|parameter| Parameter {
                name: parameter.name,
                description: parameter.description,
                default: parameter.default,
            })
            .collect(),
        place: if command.allowed_in_source_position {
            Place::Anywhere
        } else {
            Place::AfterAnother
        },
    }
}
