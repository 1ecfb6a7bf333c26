//! A place to try the program in: a fleet, a kubeconfig, an empty home. Gone when dropped.
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use stocktake_kubernetes_sim::fleet::FleetShape;
use stocktake_kubernetes_sim::{RunningFleet, Sim};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A fleet and an empty home.
pub struct Place {
    program: PathBuf,
    fleet: RunningFleet,
    /// The servers of the fleet run on it.
    runtime: Runtime,
    home: TempDir,
}

/// What came of running the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
}

impl Ran {
    /// Fails the test unless the exit code is this one.
    ///
    /// # Panics
    ///
    /// If it is another one.
    #[track_caller]
    #[must_use]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out:\n{}\nerr:\n{}", self.out, self.err);
        self
    }

    /// Fails the test unless it worked, also where a cluster was incomplete.
    ///
    /// # Panics
    ///
    /// If the exit code is neither 0 nor 3.
    #[track_caller]
    #[must_use]
    pub fn worked(self) -> Self {
        let worked = matches!(self.code, 0 | 3);
        assert!(worked, "out:\n{}\nerr:\n{}", self.out, self.err);
        self
    }
}

impl Place {
    /// A place with this fleet, for `program` (`env!("CARGO_BIN_EXE_stocktake-under-test")`).
    ///
    /// # Panics
    ///
    /// If the fleet or the home cannot be made.
    pub fn new(program: &str, shape: &FleetShape) -> Self {
        let runtime = Runtime::new().expect("a runtime for the simulators");
        let shape = FleetShape {
            now: Timestamp::now(),
            ..shape.clone()
        };
        let fleet = runtime
            .block_on(RunningFleet::start(&shape))
            .expect("the fleet starts");
        let home = tempfile::tempdir().expect("a home");
        let place = Self {
            program: program.into(),
            fleet,
            runtime,
            home,
        };
        place.write("kubeconfig", &place.fleet.kubeconfig().to_string());
        place
    }

    /// A place with three small clusters, the first with the release `resoto`, the third with a forbidden kind.
    pub fn small(program: &str) -> Self {
        Self::new(
            program,
            &FleetShape {
                objects_per_cluster: 400,
                ..FleetShape::demo()
            },
        )
    }

    /// The server of a cluster.
    ///
    /// # Panics
    ///
    /// If there is no such cluster.
    pub fn sim(&self, cluster: &str) -> &Sim {
        self.fleet
            .sim(cluster)
            .unwrap_or_else(|| panic!("no cluster {cluster}"))
    }

    /// The fleet.
    pub fn fleet(&self) -> &RunningFleet {
        &self.fleet
    }

    /// The runtime the servers run on.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// The home: working directory of the program, and where its data is.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file into the home and gives back its path.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home().join(name);
        std::fs::write(&path, text).expect("the home takes files");
        path
    }

    /// The program with a clean environment; arguments and more environment are up to the caller.
    pub fn program(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(self.home())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("USER", "tester")
            .env("KUBECONFIG", self.home().join("kubeconfig"));
        command
    }

    /// Runs the program with these lines on standard input.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn lines(&self, lines: &str) -> Ran {
        run(&mut self.program(), lines)
    }

    /// Runs the program with this one line as its argument.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn line(&self, line: &str) -> Ran {
        self.arguments(&["-c", line])
    }

    /// Runs the program with these arguments and no input.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn arguments(&self, arguments: &[&str]) -> Ran {
        run(self.program().args(arguments), "")
    }
}

/// Runs a command to its end.
///
/// # Panics
///
/// If it cannot be started or read.
pub fn run(command: &mut Command, input: &str) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("it was piped");
    let input = input.to_owned();
    // On a thread of its own: a program that talks before it reads would wait for us for ever.
    let feeder = std::thread::spawn(move || {
        // A program that ends before it has read everything is no failure of the test's support.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("the program ends");
    feeder.join().expect("writing does not panic");
    Ran {
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}
