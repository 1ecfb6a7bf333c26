//! Core and worker in this process, or a way to the core of another one.
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use stocktake_client::{Client, Transport};
use stocktake_command::Services as _;
use stocktake_core::{Core, OpenError, Options, Overrides, Schedule};
use stocktake_worker::{Worker, models};
use tokio::task::JoinHandle;

use crate::args::Args;
use crate::render::Screen;
use crate::session::{Seat, Session};

/// Trouble with a way out.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Trouble {
    message: String,
    hint: Option<String>,
}

impl Trouble {
    /// The way out.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// The directory of the inventory: `--data-dir`, else by XDG.
pub(crate) fn data_dir(args: &Args) -> Result<PathBuf> {
    if let Some(directory) = &args.data_dir {
        return Ok(directory.clone());
    }
    let home = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(data) = home("XDG_DATA_HOME") {
        return Ok(PathBuf::from(data).join("stocktake"));
    }
    match home("HOME") {
        Some(home) => Ok(PathBuf::from(home).join(".local/share/stocktake")),
        None => bail!("neither `--data-dir` nor HOME says where the inventory is to be kept"),
    }
}

/// What is laid over the configuration of a core in this process.
pub(crate) fn overrides(args: &Args) -> Result<Overrides> {
    Ok(Overrides::new(&args.overrides, args.override_path.clone())?)
}

/// The stocktake this process is part of.
pub(crate) enum Embedded {
    /// It owns the core.
    Owner(Box<Owner>),
    /// Another process does.
    Attached(Client),
}

/// A core and a worker in this process.
pub(crate) struct Owner {
    core: Core,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Owner {
    /// A core with these overrides, and a worker for it.
    pub(crate) async fn start(options: Options, overrides: Overrides) -> Result<Self, OpenError> {
        let core = Core::open(options).await?;
        core.lay_over(overrides);
        know_kinds(&core);
        let worker = Worker::new(Client::new(core.transport()), "embedded");
        let mut tasks = vec![tokio::spawn(worker.run())];
        tasks.extend(core.start()?);
        Ok(Self { core, tasks })
    }

    /// Collects the clusters of this kubeconfig, and no others.
    pub(crate) async fn use_kubeconfig(&self, path: &Path) -> Result<()> {
        let files = serde_json::json!([{"path": path}]);
        let values = vec![("k8s.config_files".to_owned(), files)];
        self.core.set_config("stocktake.worker", values).await?;
        Ok(())
    }

    /// Collects the resources in this file too, as an account of this cloud.
    pub(crate) async fn use_inventory(&self, path: &Path, cloud: &str) -> Result<()> {
        let files = serde_json::json!([{"path": path, "cloud": cloud}]);
        let values = vec![("file.files".to_owned(), files)];
        self.core.set_config("stocktake.worker", values).await?;
        Ok(())
    }

    /// A client of the core, without a socket in between.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.core.transport())
    }
}

impl Embedded {
    /// Starts on the data directory, or attaches to whoever has it.
    pub(crate) async fn start(args: &Args, seat: Seat) -> Result<Self> {
        let directory = data_dir(args)?;
        let schedule = if seat == Seat::Prompt {
            Schedule::Run
        } else {
            Schedule::Ignore
        };
        let options = Options {
            data_dir: directory.clone(),
            contexts: args.contexts.clone(),
            schedule,
        };
        match Owner::start(options, overrides(args)?).await {
            Ok(owner) => Ok(Self::Owner(Box::new(owner))),
            Err(OpenError::Locked { .. }) => {
                let client = attach(&directory).await?;
                // Given up with this process; a core that closes meanwhile is noticed by the next line.
                tokio::spawn(client.attach().await?);
                Ok(Self::Attached(client))
            }
            Err(error) => Err(trouble(error).into()),
        }
    }

    /// A client of the core.
    pub(crate) fn client(&self) -> Client {
        match self {
            Self::Owner(owner) => owner.client(),
            Self::Attached(client) => client.clone(),
        }
    }

    /// What a person should know about how this process runs.
    pub(crate) fn note(&self, args: &Args) -> Option<String> {
        let Self::Attached(client) = self else {
            return None;
        };
        let mut note = format!(
            "attached to the stocktake that runs already ({})",
            client.address()
        );
        if !args.overrides.is_empty() || args.override_path.is_some() {
            note.push_str("; overrides count only where the core is started");
        }
        Some(note)
    }

    /// Collects if nothing was ever collected here. Returns the exit code of that.
    pub(crate) async fn collect_first(&self, session: &Session) -> Result<u8> {
        let Self::Owner(owner) = self else {
            return Ok(0);
        };
        let info = owner.client().info().await?;
        if info.accounts > 0 {
            return Ok(0);
        }
        Ok(session.first_collection().await)
    }

    /// Leaves; an owner stays as long as others are attached to it.
    pub(crate) async fn leave(self, screen: Screen) {
        let Self::Owner(owner) = self else { return };
        if owner.core.attached() == 0 {
            owner.core.close().await;
            return;
        }
        screen.aside(
            "others are attached to this stocktake: it stays until they leave (Ctrl-C ends it now)",
        );
        tokio::select! {
            () = owner.core.all_left() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        owner.core.close().await;
    }
}

/// What can be asked for does not depend on what was collected: nothing found is an answer, an unknown word is none.
fn know_kinds(core: &Core) {
    core.know(models().into_iter().flat_map(|(_, model)| model.kinds));
}

fn trouble(error: OpenError) -> Trouble {
    Trouble {
        hint: error.hint(),
        message: error.to_string(),
    }
}

/// A client of the core that has `directory`.
pub(crate) async fn attach(directory: &Path) -> Result<Client> {
    let client = Client::new(Transport::unix(&stocktake_core::socket_path(directory)));
    client.info().await.map_err(|error| Trouble {
        message: format!(
            "cannot attach to the stocktake on `{}`: {error}",
            directory.display()
        ),
        hint: Some(
            "start one with `stocktake` or `stocktake core`, or choose another `--data-dir`"
                .to_owned(),
        ),
    })?;
    Ok(client)
}

/// `stocktake core`: until Ctrl-C or a termination signal.
pub(crate) async fn core_only(args: &Args, screen: Screen) -> Result<u8> {
    let options = Options {
        data_dir: data_dir(args)?,
        contexts: args.contexts.clone(),
        schedule: Schedule::Run,
    };
    let core = Core::open(options).await.map_err(trouble)?;
    core.lay_over(overrides(args)?);
    know_kinds(&core);
    let tasks = core.start().map_err(trouble)?;
    screen.aside("the core is ready; workers and shells find it by its data directory");
    stop_signal().await?;
    tasks.iter().for_each(JoinHandle::abort);
    core.close().await;
    Ok(0)
}

/// `stocktake worker`: until Ctrl-C or a termination signal.
pub(crate) async fn worker_only(args: &Args, screen: Screen) -> Result<u8> {
    let client = attach(&data_dir(args)?).await?;
    screen.aside(&format!("working for the core at {}", client.address()));
    let worker = Worker::new(client, format!("worker-{}", std::process::id()));
    tokio::select! {
        () = worker.run() => {}
        stopped = stop_signal() => stopped?,
    }
    Ok(0)
}

async fn stop_signal() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for signals")?,
    }
    Ok(())
}
