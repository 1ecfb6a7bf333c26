//! The step `generate_metrics`: the sums that everybody asks for sooner or later, measured as time series. What else is
//! to be measured is up to jobs that wait for this step.
use std::sync::Arc;

use futures::StreamExt as _;
use stocktake_command::{Chronicle as _, Context, Output, execute};

use crate::core::Core;

/// Name of the series, and what is measured.
const SERIES: [(&str, &str); 6] = [
    (
        "cores_total",
        "aggregate(/ancestors.account.reported.name as account, kind as kind, instance_type as type: \
         sum(instance_cores) as cores): is(instance)",
    ),
    (
        "instances_total",
        "aggregate(/ancestors.account.reported.name as account, kind as kind, instance_type as type, \
         instance_status as status: sum(1) as instances): is(instance)",
    ),
    (
        "memory_gib",
        "aggregate(/ancestors.account.reported.name as account, kind as kind, instance_type as type: \
         sum(instance_memory) as memory): is(instance)",
    ),
    (
        "resources_total",
        "aggregate(/ancestors.account.reported.name as account, kind as kind: sum(1) as resources): is(resource)",
    ),
    (
        "volume_gb",
        "aggregate(/ancestors.account.reported.name as account, kind as kind, volume_type as type, \
         volume_status as status: sum(volume_size) as size): is(volume)",
    ),
    (
        "volumes_total",
        "aggregate(/ancestors.account.reported.name as account, kind as kind, volume_type as type, \
         volume_status as status: sum(1) as volumes): is(volume)",
    ),
];

impl Core {
    /// Measures all series, and thins out what is old.
    pub(crate) async fn measure(&self, task: &str) {
        for (name, query) in SERIES {
            let context = Context {
                line: format!("timeseries snapshot --name {name} {query}"),
                user: "metrics".to_owned(),
                ..Context::default()
            };
            let mut outputs = execute(context, Arc::new(self.clone()));
            while let Some(output) = outputs.next().await {
                if let Output::Error { message, .. } = output {
                    self.fail(task, &format!("series `{name}`: {message}"));
                }
            }
        }
        if let Err(error) = self.downsample_series() {
            self.fail(task, &error.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Schedule};

    #[tokio::test]
    async fn every_series_can_be_measured() {
        assert!(SERIES.is_sorted_by(|a, b| a.0 < b.0));
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            data_dir: dir.path().to_owned(),
            contexts: Vec::new(),
            schedule: Schedule::Ignore,
        };
        let core = Core::open(options).await.unwrap();
        let started = core.start_workflow("metrics").unwrap();
        let mut events = core.run_events(&started.task).unwrap();
        while events.next().await.is_some() {}
        let runs = core.past_runs().unwrap();
        assert_eq!(runs[0].errors, Vec::<String>::new());
        let names: Vec<String> = core
            .series_names()
            .unwrap()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, SERIES.map(|(name, _)| name.to_owned()));
    }
}
