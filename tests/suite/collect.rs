//! `stocktake collect`: what a collection cost.
use serde_json::Value;
use stocktake_tests::Place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

#[test]
fn a_report_says_what_each_cluster_cost() {
    let place = Place::small(PROGRAM);
    let ran = place.arguments(&["collect", "--report", "report.json"]);
    assert!(
        ran.err.contains("nodes") || ran.out.contains("nodes"),
        "{ran:?}"
    );
    let text = std::fs::read_to_string(place.home().join("report.json")).expect("a report");
    let report: Value = serde_json::from_str(&text).expect("the report is JSON");
    let accounts = report["accounts"].as_array().expect("clusters");
    assert!(!accounts.is_empty());
    for account in accounts {
        let name = account["name"].as_str().expect("a name");
        let asked = place.sim(name).requests().len();
        let requests = account["spent"]["requests"].as_u64();
        assert_eq!(requests, Some(asked as u64), "{name}: {account}");
        for step in ["bytes", "converting_us", "decoding_us", "waiting_us"] {
            assert!(account["spent"][step].as_u64() > Some(0), "{name}: {step}");
        }
        for step in ["packing_us", "edges_us", "commit_us"] {
            assert!(
                account["merged"]["spent"][step].as_u64() > Some(0),
                "{name}: {step}"
            );
        }
    }
}
