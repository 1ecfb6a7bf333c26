//! When an object expires, by the annotations of three tools.
use serde_json::{Value, json};
use stocktake_act::expiry;
use stocktake_model::normalise;

use crate::sample::map;

#[track_caller]
fn check(tags: Value, expires: &str) {
    let created = "2024-05-01T10:00:00Z".parse().unwrap();
    let found = match expiry(&map(tags), Some(created)) {
        Ok(Some(at)) => normalise(at),
        Ok(None) => "never".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expires);
}

#[test]
fn every_tool_has_its_own_words() {
    check(json!({}), "never");
    check(json!({"owner": "ann"}), "never");
    check(json!({"stocktake/ttl": "2h"}), "2024-05-01T12:00:00Z");
    check(
        json!({"stocktake/expires": "2024-06-01T00:00:00+02:00"}),
        "2024-05-31T22:00:00Z",
    );
    check(json!({"expiration": "1d"}), "2024-05-02T10:00:00Z");
    check(json!({"expiration": "2024-06-01"}), "2024-06-01T00:00:00Z");
    check(json!({"janitor/ttl": "1w"}), "2024-05-08T10:00:00Z");
    check(json!({"janitor/ttl": "forever"}), "never");
    check(
        json!({"janitor/expires": "2024-06-01T09:30"}),
        "2024-06-01T09:30:00Z",
    );
}

#[test]
fn ours_count_before_theirs() {
    let both = json!({"janitor/ttl": "1h", "stocktake/expires": "2024-07-01"});
    check(both, "2024-07-01T00:00:00Z");
    let never = json!({"janitor/expires": "2024-06-01", "stocktake/ttl": "forever"});
    check(never, "never");
}

#[test]
fn what_can_not_be_read_never_expires() {
    for (key, value) in [
        ("stocktake/ttl", "soon"),
        ("stocktake/ttl", "-3d"),
        ("stocktake/ttl", "0s"),
        ("stocktake/ttl", "99999999999y"),
        ("stocktake/expires", "3d"),
        ("stocktake/expires", ""),
        ("expiration", "tomorrow"),
        ("janitor/ttl", "12"),
        ("janitor/expires", "2024-13-01"),
    ] {
        let said = format!("its annotation `{key}: {value}` can not be read, so it never expires");
        check(json!({ key: value }), &said);
        // Nor does another one beside it count.
        check(
            json!({ key: value, "stocktake/none": "", "expiration": if key == "expiration" { value } else { "1h" } }),
            &said,
        );
    }
    let number = json!({"stocktake/ttl": 3});
    check(
        number,
        "its annotation `stocktake/ttl: 3` can not be read, so it never expires",
    );
    assert!(
        expiry(&map(json!({"stocktake/ttl": "1h"})), None).is_err(),
        "created when?"
    );
}
