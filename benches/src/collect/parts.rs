//! Core and worker as processes of their own, and what the system says of a process.
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use futures::StreamExt as _;
use stocktake_client::{AccountReport, Client, Execute, Transport};
use stocktake_command::Output;
use stocktake_core::{Options, Schedule, socket_path};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How long a process may take to answer.
const START: Duration = Duration::from_secs(30);

/// How the core is started.
#[derive(Args)]
pub(crate) struct CoreArguments {
    #[arg(long)]
    data_dir: PathBuf,
    #[arg(long)]
    with_worker: bool,
}

/// How the worker is started.
#[derive(Args)]
pub(crate) struct WorkerArguments {
    #[arg(long)]
    data_dir: PathBuf,
}

/// Where the worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worker {
    /// In the process of the core.
    Inside,
    /// In a process of its own.
    Apart,
}

/// A process that ends with this value.
pub(crate) struct Process(Child);

impl Process {
    fn start(arguments: &[&str], data_dir: &Path) -> anyhow::Result<Self> {
        let child = Command::new(std::env::current_exe()?)
            .arg("collect-part")
            .args(arguments)
            .arg("--data-dir")
            .arg(data_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self(child))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended by itself is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A core with an empty record and one cluster in its configuration.
pub(crate) struct Core {
    process: Process,
    runtime: Runtime,
    client: Client,
    directory: TempDir,
}

impl Core {
    /// Starts it; `setting` is one more of the section `k8s`, if it is not empty.
    pub(crate) fn start(
        worker: Worker,
        kubeconfig: PathBuf,
        setting: &str,
    ) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let inside: &[&str] = match worker {
            Worker::Inside => &["core", "--with-worker"],
            Worker::Apart => &["core"],
        };
        let process = Process::start(inside, directory.path())?;
        let socket = socket_path(directory.path());
        let begun = Instant::now();
        while !socket.exists() {
            if begun.elapsed() > START {
                bail!("the core did not start");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let core = Self {
            process,
            runtime: Runtime::new()?,
            client: Client::new(Transport::unix(&socket)),
            directory,
        };
        let files = format!(
            "k8s.config_files=[{{\"path\": \"{}\"}}]",
            kubeconfig.display()
        );
        core.line(&format!("config set stocktake.worker {files}"))?;
        if !setting.is_empty() {
            core.line(&format!("config set stocktake.worker k8s.{setting}"))?;
        }
        Ok(core)
    }

    /// A worker of its own process.
    pub(crate) fn worker(&self) -> anyhow::Result<Process> {
        Process::start(&["worker"], self.directory.path())
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Collects; the report of the one account.
    pub(crate) fn collect(&self) -> anyhow::Result<AccountReport> {
        self.line("workflows run collect")?;
        let summary = self.runtime.block_on(self.client.last_collection())?;
        let summary = summary.context("there was a collection just now")?;
        match <[AccountReport; 1]>::try_from(summary.accounts) {
            Ok([account]) => Ok(account),
            Err(_) => bail!("the cluster was not collected: {:?}", summary.failures),
        }
    }

    /// What a line prints.
    pub(crate) fn line(&self, line: &str) -> anyhow::Result<String> {
        self.runtime.block_on(async {
            let execute = Execute {
                line: line.to_owned(),
                user: "bench".to_owned(),
                ..Execute::default()
            };
            let mut outputs = self.client.execute(&execute).await?;
            let mut text = String::new();
            while let Some(output) = outputs.next().await {
                match output? {
                    Output::Text { line } => text += &(line + "\n"),
                    Output::Error { message, .. } => bail!("{line}: {message}"),
                    _ => {}
                }
            }
            Ok(text)
        })
    }
}

/// What the system says of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// The most memory it ever had.
    pub(crate) peak_mib: u64,
    /// Processor time so far.
    pub(crate) cpu_ms: f64,
}

impl Memory {
    pub(crate) fn of(process: u32) -> Self {
        let process = process.to_string();
        Self {
            peak_mib: crate::report::status_mib(&process, "VmHWM:"),
            cpu_ms: crate::report::cpu_of(&process, crate::report::OWN),
        }
    }
}

/// Is a core until it is killed.
pub(crate) fn core(arguments: &CoreArguments) -> anyhow::Result<()> {
    let options = Options {
        data_dir: arguments.data_dir.clone(),
        contexts: Vec::new(),
        schedule: Schedule::Run,
    };
    stocktake_core::runtime()?.block_on(async {
        let core = stocktake_core::Core::open(options).await?;
        let _tasks = core.start()?;
        if arguments.with_worker {
            let client = Client::new(core.transport());
            stocktake_worker::Worker::new(client, "bench").run().await;
        }
        std::future::pending::<anyhow::Result<()>>().await
    })
}

/// Is a worker until it is killed.
pub(crate) fn worker(arguments: &WorkerArguments) -> anyhow::Result<()> {
    let client = Client::new(Transport::unix(&socket_path(&arguments.data_dir)));
    stocktake_core::runtime()?.block_on(stocktake_worker::Worker::new(client, "bench").run());
    Ok(())
}
