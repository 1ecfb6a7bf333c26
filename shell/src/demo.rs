//! `stocktake demo`: three simulated clusters, and what another tool knows of the cloud under one of them, collected
//! into a directory that is thrown away.
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use stocktake_client::Client;
use stocktake_core::{Options, Schedule};
use stocktake_kubernetes_sim::RunningFleet;
use stocktake_kubernetes_sim::fleet::FleetShape;
use tempfile::TempDir;

use crate::args::Args;
use crate::embed::{self, Owner};
use crate::page;
use crate::session::{Seat, Session};

/// Five things to try, each another corner of the language.
const TIPS: &str = "\
Three simulated clusters with about 5,000 objects. Nothing is kept and nothing real is touched.
Five things to try:

  search is(kubernetes_resource) | count kind
  search is(kubernetes_pod) and pod_status_reason = CrashLoopBackOff | list name, namespace, pod_restart_count
  search is(kubernetes_service) and name ~ resotocore | dump
  search --with-edges is(kubernetes_service) and namespace = resoto <-[0:]-> | format --dot | write service.dot
  search is(kubernetes_pod) and name ~ resoto | tag update owner you | list name, tags

`help` shows the rest, `quit` leaves.
";

/// A running demo. Dropping it removes everything, as far as nobody writes any more: see [`Demo::end`].
pub(crate) struct Demo {
    owner: Owner,
    _fleet: RunningFleet,
    directory: TempDir,
}

impl Demo {
    /// Starts the clusters, a core and a worker.
    pub(crate) async fn start(args: &Args, seat: Seat) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("stocktake-demo-")
            .tempdir()
            .context("no room for a demo")?;
        let shape = FleetShape {
            now: Timestamp::now(),
            metrics: true,
            ..FleetShape::demo()
        };
        let fleet = RunningFleet::start(&shape)
            .await
            .context("the simulated clusters did not start")?;
        let kubeconfig = directory.path().join("kubeconfig");
        let text = serde_json::to_string_pretty(fleet.kubeconfig())?;
        std::fs::write(&kubeconfig, text).context("no room for a demo")?;
        let schedule = if seat == Seat::Prompt {
            Schedule::Run
        } else {
            Schedule::Ignore
        };
        let options = Options {
            data_dir: directory.path().join("data"),
            contexts: Vec::new(),
            schedule,
        };
        let owner = Owner::start(options, embed::overrides(args)?).await?;
        owner.use_kubeconfig(&kubeconfig).await?;
        let cloud = directory.path().join("aws-prod.yaml");
        std::fs::write(&cloud, stocktake_file::SAMPLE).context("no room for a demo")?;
        owner.use_inventory(&cloud, "aws").await?;
        Ok(Self {
            owner,
            _fleet: fleet,
            directory,
        })
    }

    /// Ends it, but for its directory. To be dropped when nothing is left that could write into it: what was done
    /// last may still be on its way to the disk.
    pub(crate) fn end(self) -> TempDir {
        self.directory
    }

    /// A client of the core.
    pub(crate) fn client(&self) -> Client {
        self.owner.client()
    }

    /// Collects the clusters for the first time. The gap of the third is part of the show.
    /// Gives back the exit code of that.
    pub(crate) async fn collect(&self, session: &Session) -> u8 {
        session.first_collection().await
    }
}

/// Tells what there is to see.
pub(crate) fn welcome() -> Result<()> {
    page::print(TIPS.as_bytes())?;
    Ok(())
}
