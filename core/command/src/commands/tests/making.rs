//! Certificates and series of numbers.
use expect_test::expect;

use super::*;

#[test]
fn certificates_are_files() {
    check(
        "certificate create --common-name web --dns-names a b --ip-addresses ::1 --days-valid 7",
        expect![[r#"
            file web.key Create: "a key"
            file web.crt Create: "CertificateRequest { common_name: \"web\", dns_names: [\"a\", \"b\"], ip_addresses: [::1], days_valid: 7 }"
            Key written to web.key, certificate to web.crt.
        "#]],
    );
    check(
        "certificate create --common-name ../web",
        expect![[r"
        error 2: 12..39 it needs a `--common-name` that can name a file
          hint: write e.g. `--common-name inventory.example.org`
        exit 2
    "]],
    );
    check(
        "certificate create --common-name a --days-valid 9999",
        expect![[r"
            error 2: 48..52 `9999` is not a number of days up to 3650
            exit 2
        "]],
    );
    check(
        "certificate create web",
        expect![[r"
        error 2: 19..22 `web` belongs to no option that is known
          hint: `help certificate` lists the options
        exit 2
    "]],
    );
}

#[test]
fn series_are_measured_and_asked_for() {
    let fixture = Arc::default();
    run(
        "timeseries snapshot --name pods --avg-factor 2 aggregate(namespace: sum(1) as n): is(kubernetes_pod)",
        &fixture,
    );
    run(
        "ts get --name pods --start 7d --end 1d --group kind --filter kind=a b!=c --aggregation max",
        &fixture,
    );
    run(
        "ts get --name pods --start 2024-05-01 --granularity 10min",
        &fixture,
    );
    expect![[r#"
        pods Measured { at: 2024-05-04T04:00:00Z, entries: [SeriesEntry { group: {"namespace": "default"}, v: 1.0 }, SeriesEntry { group: {"namespace": "kube-system"}, v: 0.5 }] }
        SeriesOptions { name: "pods", start: 2024-04-27T04:00:00Z, end: 2024-05-03T04:00:00Z, groups: Some(["kind"]), filters: [SeriesFilter { name: "kind", value: "a", equality: Equal }, SeriesFilter { name: "b", value: "c", equality: Different }], slot_secs: 103680, aggregation: Max }
        SeriesOptions { name: "pods", start: 2024-05-01T00:00:00Z, end: 2024-05-04T04:00:00Z, groups: None, filters: [], slot_secs: 3600, aggregation: Avg }"#]].assert_eq(&fixture.changed.lock().unwrap().join("\n"));
}

#[test]
fn series_are_shown_and_mistakes_are_told() {
    check(
        "timeseries get --name pods --start 7d",
        expect![[r"
        at=2024-04-27T04:00:00Z, kind=kubernetes_pod, v=2.5
    "]],
    );
    check(
        "timeseries list ; ts downsample",
        expect![[r"
        name=kinds, measured=7
        ---
        3 measurements were merged into others.
    "]],
    );
    check(
        "timeseries snapshot --name pods search all",
        expect![[r"
            error 2: 32..38 `search` is a command, not a part of the query
              hint: leave `search` out: only the query stands here
            exit 2
        "]],
    );
    check(
        "timeseries snapshot aggregate(sum(1)): all",
        expect![[r"
            error 2: 11..42 `--name` is missing
              hint: `timeseries list` shows the names there are
            exit 2
        "]],
    );
    check(
        "timeseries get --name a@b --start 1d",
        expect![[r"
        error 2: 22..25 `a@b` is not a name: letters, digits, `_`, `-` and `.`
        exit 2
    "]],
    );
    check(
        "timeseries get --name a --start 1d --end 3d",
        expect![[r"
            error 2: 11..43 `--start` has to be there, and before `--end`
              hint: write e.g. `--start 7d`
            exit 2
        "]],
    );
    check(
        "timeseries get --name a --start",
        expect![[r"
        error 2: 24..31 `--start` needs a value
        exit 2
    "]],
    );
    check(
        "timeseries get --name a --start 1d --granularity 0",
        expect![[r"
            error 2: 49..50 `0` is not a number up to 1000, or a duration
            exit 2
        "]],
    );
}
