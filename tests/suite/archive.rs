//! Graphs that are kept: copied, asked, exported, imported; what is told when one cannot be read; backups of everything.
use stocktake_kubernetes_sim::fleet::FleetShape;
use stocktake_tests::{Place, Ran};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");
/// What two equal graphs answer alike: nodes, walks, ancestors.
const QUESTIONS: [&str; 3] = [
    "search all | count kind",
    "search is(kubernetes_service) -[0:]-> | count kind",
    "search is(kubernetes_pod) | count /ancestors.kubernetes_node.reported.name",
];

fn small() -> Place {
    let shape = FleetShape {
        objects_per_cluster: 200,
        ..FleetShape::demo()
    };
    Place::new(PROGRAM, &shape)
}

/// The answers to the questions, asked of a graph.
fn answers(place: &Place, graph: &str) -> String {
    let lines: Vec<String> = QUESTIONS
        .iter()
        .map(|question| format!("graph={graph} {question}\n"))
        .collect();
    let ran = place.lines(&lines.concat()).worked();
    ran.out
}

#[test]
fn a_copy_stays_what_it_was_and_travels_as_a_file() {
    let place = small();
    let ran = place
        .lines(
            "\
search is(kubernetes_namespace) sort name limit 1 | set_desired seen=true | list /desired.seen
graph copy before
graph copy before
",
        )
        .code(1);
    assert_eq!(
        ran.out, "seen=true\nGraph stocktake copied to before.\n",
        "{}",
        ran.err
    );
    assert!(ran.err.contains("`before` is there already"), "{}", ran.err);
    let live = answers(&place, "stocktake");
    assert_eq!(answers(&place, "before"), live);

    let ran = place
        .lines(
            "\
search is(kubernetes_config_map) and namespace=default limit 1 | tag update later yes | count
graph=before search has_key(tags, later) | count
search has_key(tags, later) | count
graph=before search /desired.seen = true | count
graph export before before.ndjson
graph import again before.ndjson
graph delete before
graph=before search all | count
graph list ^again$ | format {name} {accounts}
",
        )
        .code(2);
    let expected = "\
total matched: 1
total unmatched: 0
total matched: 0
total unmatched: 0
total matched: 1
total unmatched: 0
total matched: 1
total unmatched: 0
Graph again imported from before.ndjson.
Graph before deleted.
again 3
";
    assert_eq!(ran.out, expected, "{}", ran.err);
    assert!(
        ran.err.contains("there is no graph `before`"),
        "{}",
        ran.err
    );
    assert_eq!(answers(&place, "again"), live);
}

#[test]
fn what_is_not_whole_is_not_kept() {
    let place = small();
    let exported = place.lines("graph export all.ndjson\n").code(0);
    assert_eq!(exported.out, "");
    let text = std::fs::read_to_string(place.home().join("all.ndjson")).expect("it was exported");
    let mut lines: Vec<&str> = text.lines().collect();
    let end = lines.len();
    let broken = |name: &str, lines: &[&str]| -> Ran {
        place.write(name, &lines.join("\n"));
        place
            .lines(&format!("graph import broken {name}\n"))
            .code(1)
    };
    let short = broken("short.ndjson", &lines[..end - 5]);
    assert!(short.err.contains("it ends too early"), "{}", short.err);
    lines[4] = "{\"item\": \"node\"";
    let wrong = broken("wrong.ndjson", &lines);
    assert!(
        wrong.err.contains("`wrong.ndjson` is not imported") && wrong.err.contains("line 5: EOF"),
        "{}",
        wrong.err
    );
    let headless = broken("headless.ndjson", &lines[1..]);
    assert!(
        headless
            .err
            .contains("line 1: it does not begin with a graph"),
        "{}",
        headless.err
    );
    let listed = place.lines("graph list | format {name}\n").code(0);
    assert_eq!(listed.out, "");

    let copied = place.lines("graph copy good\n").code(0);
    assert_eq!(copied.out, "Graph stocktake copied to good.\n");
    let file = place
        .home()
        .join(".local/share/stocktake/graphs/good.ndjson.zst");
    let mut bytes = std::fs::read(&file).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    std::fs::write(&file, bytes).expect("it may be written");
    let damaged = place.lines("graph=good search all | count\n").code(1);
    assert!(
        damaged.err.contains("the graph `good` cannot be read"),
        "{}",
        damaged.err
    );
}

#[test]
fn a_backup_brings_everything_back_with_the_next_start() {
    let place = small();
    let backed_up = place
        .lines("graph copy before\nconfig set stocktake.core core.cli.search_timeout_secs=17\nsystem backup create b\n")
        .code(0);
    let live = answers(&place, "stocktake");
    let changed = place
        .lines("graph delete before\nconfig set stocktake.core core.cli.search_timeout_secs=18\n")
        .code(0);
    assert!(backed_up.err.contains("wrote `b`"), "{}", backed_up.err);
    assert!(
        changed.out.starts_with("Graph before deleted.\n"),
        "{}",
        changed.out
    );
    let ran = place
        .lines("system backup restore b\nworkflows run collect\nconfig show stocktake.core\n")
        .code(1);
    assert!(ran.out.contains(" nodes of 3 clusters."), "{}", ran.out);
    assert!(
        ran.out
            .contains("a restored backup waits for the next start"),
        "{}{}",
        ran.out,
        ran.err
    );
    assert!(
        ran.out.contains("search_timeout_secs: 18"),
        "until then: {}",
        ran.out
    );
    let ran = place
        .lines("graph list | format {name}\nconfig show stocktake.core\n")
        .code(0);
    assert!(ran.out.starts_with("before\n"), "{}", ran.out);
    assert!(ran.out.contains("search_timeout_secs: 17"), "{}", ran.out);
    assert_eq!(answers(&place, "stocktake"), live);

    let path = place.home().join("b");
    let text = std::fs::read_to_string(&path).expect("it was written");
    std::fs::write(
        &path,
        text.replacen("\"shelf\":\"graph\"", "\"shelf\":\"block\"", 1),
    )
    .expect("it may be written");
    let changed = place.lines("system backup restore b\n").code(1);
    assert!(
        changed.err.contains("its digest differs"),
        "{}",
        changed.err
    );
    let short = &text[..text.len() / 2];
    std::fs::write(&path, short).expect("it may be written");
    let short = place.lines("system backup restore b\n").code(1);
    assert!(short.err.contains("it has no end"), "{}", short.err);
}
