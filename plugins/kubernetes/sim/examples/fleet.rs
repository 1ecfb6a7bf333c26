//! Serves a simulated fleet until Ctrl-C and writes an ordinary kubeconfig for it, to try programs on by hand.
//!
//! `cargo run -p stocktake-kubernetes-sim --example fleet -- KUBECONFIG [CLUSTERS] [OBJECTS-PER-CLUSTER]`
use std::error::Error;
use std::io::Write as _;

use jiff::Timestamp;
use stocktake_kubernetes_sim::RunningFleet;
use stocktake_kubernetes_sim::fleet::FleetShape;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments
        .next()
        .ok_or("the first argument names the kubeconfig to write")?;
    let demo = FleetShape::demo();
    let shape = FleetShape {
        clusters: arguments
            .next()
            .map_or(Ok(demo.clusters), |text| text.parse())?,
        objects_per_cluster: arguments
            .next()
            .map_or(Ok(demo.objects_per_cluster), |text| text.parse())?,
        now: Timestamp::now(),
        ..demo
    };
    let fleet = RunningFleet::start(&shape).await?;
    std::fs::write(&file, serde_json::to_string_pretty(fleet.kubeconfig())?)?;
    let mut out = std::io::stdout().lock();
    for (name, sim) in fleet.sims() {
        writeln!(out, "{name}\t{}", sim.url())?;
    }
    writeln!(out, "KUBECONFIG={file}")?;
    drop(out);
    tokio::signal::ctrl_c().await?;
    Ok(())
}
