//! `stocktake demo`: the first thing a person tries.
use stocktake_kubernetes_sim::fleet::FleetShape;
use stocktake_tests::Place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

#[test]
fn the_demo_runs_the_lines_it_is_given_and_leaves_nothing_behind() {
    let shape = FleetShape {
        clusters: 1,
        objects_per_cluster: 300,
        ..FleetShape::default()
    };
    let place = Place::new(PROGRAM, &shape);
    let lines = "\
search is(kubernetes_resource) | count kind
search is(kubernetes_cluster) | list name
search is(instance) | count kind
search is(volume) | count kind
";
    let mut program = place.program();
    program.arg("demo").env("TMPDIR", place.home());
    let ran = stocktake_tests::run(&mut program, lines);
    assert!(
        ran.out
            .contains("name=prod-eu\nname=prod-us\nname=staging\n"),
        "{}\n{}",
        ran.out,
        ran.err
    );
    for both in [
        "aws_ec2_instance: 14\nkubernetes_node: ",
        "aws_ec2_volume: ",
        "kubernetes_persistent_volume: ",
    ] {
        assert!(ran.out.contains(both), "{both} is missing:\n{}", ran.out);
    }
    let total = ran
        .out
        .lines()
        .find_map(|line| line.strip_prefix("total matched: "))
        .unwrap();
    let total: u64 = total.parse().unwrap();
    assert!(
        (4_000..6_000).contains(&total),
        "about 5,000 objects, not {total}"
    );
    let left: Vec<_> = std::fs::read_dir(place.home())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| name.starts_with("stocktake-demo"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn every_line_of_the_tour_answers_something_in_the_demo() {
    let place = Place::new(
        PROGRAM,
        &FleetShape {
            clusters: 1,
            objects_per_cluster: 50,
            ..FleetShape::default()
        },
    );
    let tour = place.arguments(&["help", "query"]).code(0).out;
    let lines: Vec<&str> = tour
        .lines()
        .filter_map(|line| Some(&line[line.find("  search ")? + 2..]))
        .collect();
    assert!(lines.len() >= 20, "{tour}");
    // Between two answers stands a line nobody else prints.
    let typed: Vec<String> = lines
        .iter()
        .map(|line| format!("{line}\necho =====\n"))
        .collect();
    let ran = stocktake_tests::run(place.program().arg("demo"), &typed.concat());
    let answers: Vec<&str> = ran.out.split("=====\n").collect();
    for (line, answer) in lines.iter().zip(&answers) {
        let nothing = answer.is_empty() || answer.starts_with("total matched: 0");
        assert!(!nothing, "{line}\n{answer}\n{}", ran.err);
    }
    assert!(!ran.err.contains("error"), "{}", ran.err);
}
