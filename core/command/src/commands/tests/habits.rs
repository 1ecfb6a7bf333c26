//! What people type who come from kubectl.
use expect_test::expect;

use super::check;

#[test]
fn tables_as_kubectl_makes_them() {
    check(
        "search pods -n default -o wide --no-headers --sort-by .metadata.name",
        expect![[r"
            kubernetes_pod  uid-web-0  web-0  default    3d4h                      prod
            kubernetes_pod  uid-web-1  web-1  default    3d4h                      prod
        "]],
    );
    check(
        "search pods -o csv --no-headers",
        expect![[r#"
            "kubernetes_pod","uid-web-0","web-0","3d4h","","","prod","",""\r
            "kubernetes_pod","uid-web-1","web-1","3d4h","","","prod","",""\r
            "kubernetes_pod","uid-dns-0","dns-0","3d4h","","","prod","",""\r
        "#]],
    );
    check(
        "search pods | list --csv name | head 2",
        expect![[r#"
            "name"\r
            "web-0"\r
        "#]],
    );
    check(
        "search pods -n default --show-labels",
        expect![[r"
        KIND            NAME   NAMESPACE  AGE   ACCOUNT  REGION  LABELS
        kubernetes_pod  web-0  default    3d4h  prod
        kubernetes_pod  web-1  default    3d4h  prod
    "]],
    );
    check(
        "search pods | list --markdown --no-headers",
        expect![[r"
        error 2: 19..42 this table is nothing without its headings
          hint: `--csv` and `--wide` may go without
        exit 2
    "]],
    );
}

#[test]
fn what_is_not_here_is_told_with_what_is() {
    check(
        "search pods -w",
        expect![[r"
        error 2: 12..14 a search answers once
          hint: `watch stocktake search …` asks again and again; with `k8s.watch: true` the answer is then seconds old
        exit 2
    "]],
    );
    check(
        "search pods -o jsonpath={.items}",
        expect![[r"
        error 2: 15..32 `-o` knows no form `jsonpath`
          hint: `| jq '.name'` picks a value, `| format '{name} {labels.app}'` fills in a line
        exit 2
    "]],
    );
    check(
        "search pods --sort-by .spec.nodeName",
        expect![[r"
        error 2: 22..36 `.spec.nodeName` is a path in an object of the API
          hint: name a property: `--sort-by pod_status.phase`; `kinds KIND` shows them
        exit 2
    "]],
    );
    check(
        "search pods --sort-by",
        expect![[r"
        error 2: 12..21 `--sort-by` needs a property
          hint: write e.g. `--sort-by age`
        exit 2
    "]],
    );
}
