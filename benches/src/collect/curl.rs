//! `curl` asking for exactly what a collection asked for: the same pages in the same forms, four at a time, compressed,
//! over connections that are kept.
//!
//! The tokens of all pages are known to it from the start, so that it need not wait for one page to ask for the next:
//! a little more than any collector could do.
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::simulator::{Asked, Simulator};

const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";

/// A run that is ready to start.
pub(crate) struct Curl {
    config: PathBuf,
}

impl Curl {
    pub(crate) fn new(requests: &[Asked], simulator: &Simulator) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(simulator.kubeconfig())?;
        let kubeconfig: Value = serde_json::from_str(&text)?;
        let of = |pointer: &str| {
            let value = kubeconfig.pointer(pointer).and_then(Value::as_str);
            value.with_context(|| format!("the kubeconfig has no {pointer}"))
        };
        let server = of("/clusters/0/cluster/server")?;
        let token = of("/users/0/user/token")?;
        let authority = of("/clusters/0/cluster/certificate-authority-data")?;
        let authority_file = simulator.directory().join("ca.pem");
        std::fs::write(&authority_file, STANDARD.decode(authority)?)?;
        let mut config = String::new();
        for (at, asked) in requests.iter().enumerate() {
            if at > 0 {
                config += "next\n";
            }
            let question = if asked.query.is_empty() { "" } else { "?" };
            let Asked { path, query } = asked;
            writeln!(config, "url = \"{server}{path}{question}{query}\"")?;
            writeln!(config, "output = /dev/null\nfail\ncompressed")?;
            writeln!(config, "cacert = \"{}\"", authority_file.display())?;
            writeln!(config, "header = \"Authorization: Bearer {token}\"")?;
            writeln!(config, "header = \"Accept: {}\"", accept(asked))?;
        }
        let config_file = simulator.directory().join("curl");
        std::fs::write(&config_file, config)?;
        Ok(Self {
            config: config_file,
        })
    }

    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let status = Command::new("curl")
            .args([
                "--parallel",
                "--parallel-max",
                "4",
                "--silent",
                "--show-error",
                "-K",
            ])
            .arg(&self.config)
            .stdout(Stdio::null())
            .status()
            .context("`curl` can not be started")?;
        ensure!(status.success(), "`curl` failed: {status}");
        Ok(())
    }
}

fn accept(asked: &Asked) -> &'static str {
    match asked.path.as_str() {
        "/api" | "/apis" => DISCOVERY,
        _ if asked.query.contains("includeObject=Metadata") => TABLE,
        _ => "application/json",
    }
}
