//! `stocktake check`: lines are read and not run, without a core and without a cluster.
use std::process::Command;

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

fn check(home: &std::path::Path, arguments: &[&str], input: &str) -> (Vec<Value>, i32) {
    let mut program = Command::new(PROGRAM);
    program
        .env_clear()
        .env("HOME", home)
        .arg("check")
        .args(arguments);
    let ran = stocktake_tests::run(&mut program, input);
    let verdicts = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is JSON"));
    (verdicts.collect(), ran.code)
}

#[test]
fn lines_are_checked_and_nothing_is_made() {
    let home = tempfile::tempdir().unwrap();
    let good = "\
# the leftovers of every night
search is(kubernetes_job) and age > 30d | clean \"old\"

is(pod) | count namespace
jobs add --id x --schedule \"0 5 * * *\" search is(kubernetes_acme_io_widget) | clean
";
    let (verdicts, code) = check(home.path(), &[], good);
    assert_eq!(code, 0, "{verdicts:?}");
    assert_eq!(verdicts.len(), 3);
    assert_eq!(verdicts[1]["line"], "is(pod) | count namespace");
    assert_eq!(verdicts[1]["ok"], true);
    assert_eq!(verdicts[1]["canonical"], "search is(pod) | count namespace");
    let file = home.path().join("lines.txt");
    std::fs::write(&file, "search all\nsearch is(kubernetes_pdo)\n").unwrap();
    let (verdicts, code) = check(home.path(), &[file.to_str().unwrap()], "");
    assert_eq!(code, 2);
    assert_eq!(verdicts[0]["ok"], true);
    assert_eq!(verdicts[1]["ok"], false);
    assert_eq!(verdicts[1]["error"], "unknown kind `kubernetes_pdo`");
    assert_eq!(verdicts[1]["span"], serde_json::json!([10, 24]));
    assert_eq!(verdicts[1]["hint"], "did you mean `kubernetes_pod`?");
    let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "only the file of the test is there");
}
