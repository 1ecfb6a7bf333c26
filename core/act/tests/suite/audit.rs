//! The audit chain.
use stocktake_act::{AuditEntry, AuditError, Deed, next_entry, verify};

use crate::sample::{candidate, now};

fn chain() -> Vec<AuditEntry> {
    let mut chain: Vec<AuditEntry> = Vec::new();
    for number in 1..=4 {
        let deed = Deed {
            at: now(),
            who: "ann".into(),
            line: "clean apply plan.json".into(),
            action: "delete".into(),
            plan: Some("abc".into()),
            object: candidate(number).object.unwrap(),
            verdict: "deleted".into(),
            message: String::new(),
        };
        chain.push(next_entry(chain.last(), deed));
    }
    chain
}

#[test]
fn a_whole_chain_is_whole() {
    let chain = chain();
    assert_eq!(verify(&chain, None), Ok(4));
    assert_eq!(verify(&chain, Some(&chain[3].digest)), Ok(4));
    assert_eq!(verify(&[], None), Ok(0));
    let read: Vec<AuditEntry> =
        serde_json::from_str(&serde_json::to_string(&chain).unwrap()).unwrap();
    assert_eq!(verify(&read, None), Ok(4));
}

#[test]
fn every_change_to_a_chain_is_found() {
    type Spoil = fn(&mut Vec<AuditEntry>);
    let cases: [(Spoil, AuditError); 7] = [
        (
            |chain| chain[1].deed.who = "bob".into(),
            AuditError::Changed(2),
        ),
        (
            |chain| chain[1].deed.object.uid = "x".into(),
            AuditError::Changed(2),
        ),
        (
            |chain| chain[2].previous = "x".into(),
            AuditError::Changed(3),
        ),
        (
            |chain| drop(chain.remove(1)),
            AuditError::Missing {
                expected: 2,
                found: 3,
            },
        ),
        (
            |chain| chain.swap(0, 1),
            AuditError::Missing {
                expected: 1,
                found: 2,
            },
        ),
        (
            |chain| {
                let deed = chain[1].deed.clone();
                chain[1] = next_entry(
                    Some(&chain[0]),
                    Deed {
                        who: "bob".into(),
                        ..deed
                    },
                );
            },
            AuditError::Broken(3),
        ),
        (|chain| drop(chain.pop()), AuditError::Cut(3)),
    ];
    let head = chain()[3].digest.clone();
    for (spoil, error) in cases {
        let mut spoiled = chain();
        spoil(&mut spoiled);
        assert_eq!(verify(&spoiled, Some(&head)), Err(error));
    }
}
