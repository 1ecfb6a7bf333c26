//! Searches as kubectl users type them, and how every command explains itself.
use std::sync::Arc;

use expect_test::expect;

use super::{asks, check, run, shown};

#[test]
fn searches_are_narrowed_and_formed_as_kubectl_users_know_it() {
    asks(
        "search pods -n default -l app=web --context prod",
        expect![[
            r#"is(pods) and /reported.namespace = "default" and /reported.labels.app = "web" and /ancestors.account.reported.name = "prod""#
        ]],
    );
    asks(
        "search -A is(po) --> is(kubernetes_node) --selector=app=web",
        expect![[r#"is(po) and /reported.labels.app = "web" --> is(kubernetes_node)"#]],
    );
    asks(
        "search name = a or name = b -n x",
        expect![[r#"(/reported.name = a or /reported.name = b) and /reported.namespace = "x""#]],
    );
    check(
        "search pods -o table",
        expect![[r"
        KIND            NAME   AGE   ACCOUNT  REGION
        kubernetes_pod  web-0  3d4h  prod
        kubernetes_pod  web-1  3d4h  prod
        kubernetes_pod  dns-0  3d4h  prod
    "]],
    );
    check(
        "search po -n default -o yaml | head -3",
        expect![[r"
        ancestors:
          account:
            reported:
    "]],
    );
    check(
        "search is(pod) -n default -o name",
        expect![[r"
        kubernetes_pod/web-0
        kubernetes_pod/web-1
    "]],
    );
}

#[test]
fn what_cannot_be_meant_is_said_with_the_way_out() {
    check(
        "search pods -n a -A",
        expect![[r"
        error 2: 17..19 `-n` and `-A` at once
          hint: all namespaces are searched anyway: leave `-A` out
        exit 2
    "]],
    );
    check(
        "search pods -l 'a b'",
        expect![[r"
        error 2: 15..20 `a b` selects no label
          hint: write e.g. `app=web`, `tier!=db`, `'env in (prod, dev)'`, `team` or `!team`
        exit 2
    "]],
    );
    check(
        "search pods -n",
        expect![[r"
        error 2: 12..14 `-n` needs a namespace
          hint: write e.g. `-n default`
        exit 2
    "]],
    );
    check(
        "search pods -o jsonpath",
        expect![[r"
            error 2: 15..23 `-o` knows no form `jsonpath`
              hint: `| jq '.name'` picks a value, `| format '{name} {labels.app}'` fills in a line
            exit 2
        "]],
    );
    for line in [
        "search pods --context prd",
        "search --context=prod,prd is(pod) | count",
    ] {
        let printed = shown(&run(line, &Arc::default()));
        let error = " no cluster `prd`\n  hint: did you mean `prod`?\nexit 2\n";
        assert!(printed.ends_with(error), "{printed}");
    }
    // It may have been there then.
    let past = shown(&run("search --at 3d pods --context prd", &Arc::default()));
    assert!(!past.contains("no cluster"), "{past}");
    check(
        "search pots",
        expect![[r"
        error 2: 11..11 expected an operator
          hint: operators are `= != < <= > >= =~ !~ in` and `not in`
        exit 2
    "]],
    );
}

#[test]
fn every_command_explains_itself_wherever_it_stands() {
    let help = shown(&run("help count", &Arc::default()));
    for line in [
        "count --help",
        "search all | count --help",
        "search all | count -h | list",
    ] {
        assert_eq!(shown(&run(line, &Arc::default())), help, "{line}");
    }
}
