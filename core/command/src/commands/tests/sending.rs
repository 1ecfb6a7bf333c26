//! `http` and `https`: what is sent, how often, and what is said about it.
use expect_test::expect;

use super::*;

#[track_caller]
fn sends(line: &str, expected: Expect) {
    let fixture: Arc<Fixture> = Arc::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let context = Context {
        line: line.to_owned(),
        ..Context::default()
    };
    let outputs: Vec<Output> = runtime.block_on(execute(context, fixture.clone()).collect());
    let sent: String = (fixture.changed.lock().unwrap().iter())
        .flat_map(|request| [request.as_str(), "\n"].map(str::to_owned))
        .collect();
    expected.assert_eq(&format!("{}{sent}", shown(&outputs)));
}

#[test]
fn every_element_is_a_request() {
    sends(
        r#"json [{"a": 1}, "text", [2]] | http example.com/x"#,
        expect![[r#"
            3 requests with status 200 sent.
            WebRequest { method: "POST", url: "http://example.com/x", parameters: [], headers: [], login: None, body: Some(("{\"a\":1}", "application/json")), encoding: Plain, trust: Authorities, timeout: 30s }
            WebRequest { method: "POST", url: "http://example.com/x", parameters: [], headers: [], login: None, body: Some(("text", "text/plain; charset=utf-8")), encoding: Plain, trust: Authorities, timeout: 30s }
            WebRequest { method: "POST", url: "http://example.com/x", parameters: [], headers: [], login: None, body: Some(("[2]", "application/json")), encoding: Plain, trust: Authorities, timeout: 30s }
        "#]],
    );
    sends(
        r#"json {"a": 1} | https --compress --no-ssl-verify --timeout 5s --auth ada:a:b put :8443/x X-A:1 "X-B: two" q==3"#,
        expect![[r#"
            1 requests with status 200 sent.
            WebRequest { method: "PUT", url: "https://localhost:8443/x", parameters: [("q", "3")], headers: [("X-A", "1"), ("X-B", "two")], login: Some(("ada", "a:b")), body: Some(("{\"a\":1}", "application/json")), encoding: Gzip, trust: Everybody, timeout: 5s }
        "#]],
    );
    sends(
        "json {} | http --no-body GET http://example.com",
        expect![[r#"
            1 requests with status 200 sent.
            WebRequest { method: "GET", url: "http://example.com", parameters: [], headers: [], login: None, body: None, encoding: Plain, trust: Authorities, timeout: 30s }
        "#]],
    );
    sends("json [] | http example.com", expect![[""]]);
}

#[test]
fn retries_are_shared_by_a_line() {
    sends(
        "json [1, 2] | http example.com/busy",
        expect![[r#"
        2 requests with status 200 sent.
        WebRequest { method: "POST", url: "http://example.com/busy", parameters: [], headers: [], login: None, body: Some(("1", "text/plain; charset=utf-8")), encoding: Plain, trust: Authorities, timeout: 30s }
        WebRequest { method: "POST", url: "http://example.com/busy", parameters: [], headers: [], login: None, body: Some(("1", "text/plain; charset=utf-8")), encoding: Plain, trust: Authorities, timeout: 30s }
        WebRequest { method: "POST", url: "http://example.com/busy", parameters: [], headers: [], login: None, body: Some(("2", "text/plain; charset=utf-8")), encoding: Plain, trust: Authorities, timeout: 30s }
        WebRequest { method: "POST", url: "http://example.com/busy", parameters: [], headers: [], login: None, body: Some(("2", "text/plain; charset=utf-8")), encoding: Plain, trust: Authorities, timeout: 30s }
    "#]],
    );
    sends(
        "json [1, 2] | http --nr-of-retries 3 --backoff-base 0.1 example.com/gone",
        expect![[r#"
            note: `http://example.com/gone`: nobody is there
            2 requests with status 500 sent.
            exit 1
            WebRequest { method: "POST", url: "http://example.com/gone", parameters: [], headers: [], login: None, body: Some(("1", "text/plain; charset=utf-8")), encoding: Plain, trust: Authorities, timeout: 30s }
            WebRequest { method: "POST", url: "http://example.com/gone", parameters: [], headers: [], login: None, body: Some(("1", "text/plain; charset=utf-8")), encoding: Plain, trust: Authorities, timeout: 30s }
            WebRequest { method: "POST", url: "http://example.com/gone", parameters: [], headers: [], login: None, body: Some(("1", "text/plain; charset=utf-8")), encoding: Plain, trust: Authorities, timeout: 30s }
            WebRequest { method: "POST", url: "http://example.com/gone", parameters: [], headers: [], login: None, body: Some(("1", "text/plain; charset=utf-8")), encoding: Plain, trust: Authorities, timeout: 30s }
            WebRequest { method: "POST", url: "http://example.com/gone", parameters: [], headers: [], login: None, body: Some(("2", "text/plain; charset=utf-8")), encoding: Plain, trust: Authorities, timeout: 30s }
        "#]],
    );
    sends(
        "json 1 | http --nr-of-retries 0 example.com/busy",
        expect![[r#"
            1 requests with status 503 sent.
            exit 1
            WebRequest { method: "POST", url: "http://example.com/busy", parameters: [], headers: [], login: None, body: Some(("1", "text/plain; charset=utf-8")), encoding: Plain, trust: Authorities, timeout: 30s }
        "#]],
    );
}

#[test]
fn what_cannot_be_sent_is_told_before_anything_is() {
    check(
        "json 1 | http",
        expect![[r"
        error 2: 9..13 no URL is given
          hint: write e.g. `search is(volume) | http :8080/volumes`
        exit 2
    "]],
    );
    check(
        "json 1 | http --quick example.com",
        expect![[r"
        error 2: 14..21 unknown option `--quick`
          hint: `help http` lists the options; they stand in front of the URL
        exit 2
    "]],
    );
    check(
        "json 1 | http --timeout",
        expect![[r"
        error 2: 14..23 `--timeout` needs a value
        exit 2
    "]],
    );
    check(
        "json 1 | http --timeout never example.com",
        expect![[r"
        error 2: 24..29 `never` is not a time in seconds
        exit 2
    "]],
    );
    check(
        "json 1 | http --backoff-base -1 example.com",
        expect![[r"
        error 2: 29..31 `-1` is not a number of seconds
        exit 2
    "]],
    );
    check(
        "json 1 | http --auth ada example.com",
        expect![[r"
        error 2: 21..24 `ada` is not `USER:PASSWORD`
        exit 2
    "]],
    );
    check(
        "json 1 | http ftp://example.com",
        expect![[r"
        error 2: 14..31 `ftp` is not a scheme that can be sent to
          hint: write `http://…` or `https://…`
        exit 2
    "]],
    );
    check(
        "json 1 | http example.com what",
        expect![[r"
        error 2: 26..30 `what` is neither a header nor a parameter
          hint: headers are written `Name:value`, parameters `name==value`; quote blanks
        exit 2
    "]],
    );
    check(
        "http example.com",
        expect![[r"
        error 2: 0..4 `http` has nothing to work on
          hint: put something in front, e.g. `search all | http`
        exit 2
    "]],
    );
}
