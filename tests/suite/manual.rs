//! The manual is true: every line it shows for the prompt is run, in order, on the demo.
use std::path::Path;

use stocktake_kubernetes_sim::fleet::FleetShape;
use stocktake_tests::Place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

/// What stands between two answers. No answer contains it.
const MARK: &str = "== line";

/// The lines of the blocks fenced as `stocktake`.
fn lines(page: &str) -> Vec<String> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {error}"));
    let blocks = text.split("```stocktake\n").skip(1);
    let blocks = blocks.map(|block| block.split_once("```").expect("the block ends").0);
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

/// Runs them on the demo. Each must end well and answer something; files it writes are the answer of `write`.
fn check(page: &str) {
    let lines = lines(page);
    assert!(lines.len() >= 10, "{page} shows {} lines", lines.len());
    let shape = FleetShape {
        clusters: 1,
        objects_per_cluster: 60,
        ..FleetShape::default()
    };
    let place = Place::new(PROGRAM, &shape);
    let typed: Vec<String> = lines
        .iter()
        .map(|line| format!("{line}\necho {MARK}\n"))
        .collect();
    let typed = typed.concat();
    let mut program = place.program();
    program.arg("demo").env("TMPDIR", place.home());
    let ran = stocktake_tests::run(&mut program, &typed);
    assert!(
        [0, 3].contains(&ran.code),
        "{page}: {}\n{}",
        ran.code,
        ran.err
    );
    let answers: Vec<&str> = ran.out.split(&format!("{MARK}\n")).collect();
    assert_eq!(answers.len(), lines.len() + 1, "{}", ran.err);
    for (line, answer) in lines.iter().zip(answers) {
        let written = line
            .rsplit_once("| write ")
            .is_some_and(|(_, file)| place.home().join(file).is_file());
        assert!(
            written || !answer.trim().is_empty(),
            "`{line}` in {page} answers nothing\n{}",
            ran.err
        );
    }
}

#[test]
fn every_line_of_the_tutorial_runs_on_the_demo() {
    check("tutorial.md");
}

#[test]
fn every_line_for_people_from_resoto_runs_on_the_demo() {
    check("coming-from-resoto.md");
}
