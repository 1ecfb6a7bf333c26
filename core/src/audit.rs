//! The audit log: a chain of entries in the record, and where it ends. What a chain is, the act room knows.
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stocktake_act::{AuditEntry, AuditError, Deed, next_entry, verify};
use stocktake_command::{AuditFilter, CommandError};
use stocktake_model::{NodeId, normalise};
use stocktake_store::StoreError;

use crate::core::Core;

/// Name of the records that hold the audit log.
const AUDIT: &str = "audit";
/// Name of the records that tell where it ends: a log that was cut off looks whole by itself.
const HEAD: &str = "audit_head";
/// Name of the only record in there.
const LAST: &str = "last";

/// The last entry, noted beside the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    number: u64,
    digest: String,
}

impl Core {
    /// Adds what was done to the log.
    pub(crate) async fn audit_deed(&self, deed: Deed) -> Result<(), StoreError> {
        let _turn = self.0.audit.lock().await;
        let records = self.0.store.records(AUDIT)?;
        let last: Option<(String, AuditEntry)> = records.list("").next_back().transpose()?;
        let entry = next_entry(last.as_ref().map(|(_, entry)| entry), deed);
        records.append(&entry)?;
        let head = Head {
            number: entry.number,
            digest: entry.digest,
        };
        self.0.store.records(HEAD)?.put(LAST, &head)
    }

    fn audit_log(&self) -> Result<Vec<AuditEntry>, StoreError> {
        let records = self.0.store.records(AUDIT)?;
        let entries: Result<Vec<(String, AuditEntry)>, StoreError> = records.list("").collect();
        Ok(entries?.into_iter().map(|(_, entry)| entry).collect())
    }

    /// Nodes and verdicts that the log has of a plan.
    pub(crate) fn audited(&self, plan: &str) -> BTreeSet<(NodeId, String)> {
        let entries = self.audit_log().unwrap_or_default().into_iter();
        let deeds = entries.map(|entry| entry.deed);
        deeds
            .filter(|deed| deed.plan.as_deref() == Some(plan) && deed.action == "delete")
            .map(|deed| (deed.object.node, deed.verdict))
            .collect()
    }

    /// The entry of this number.
    pub(crate) fn audit_entry(&self, number: u64) -> Result<Option<AuditEntry>, StoreError> {
        self.0.store.records(AUDIT)?.get(&format!("{number:020}"))
    }

    /// Entries that are wanted, oldest first, and how many more there are.
    pub(crate) fn audit_rows(
        &self,
        wanted: &AuditFilter,
    ) -> Result<(Vec<Value>, u64), CommandError> {
        let entries = self.audit_log().map_err(trouble)?;
        let rows: Vec<Value> = (entries.iter())
            .filter(|entry| is_wanted(&entry.deed, wanted))
            .map(row)
            .collect();
        let more = rows.len() - wanted.limit.unwrap_or(rows.len()).min(rows.len());
        Ok((rows[more..].to_vec(), more as u64))
    }

    /// Checks the whole log, its end included.
    pub(crate) fn verified_audit(&self) -> Result<u64, CommandError> {
        let entries = self.audit_log().map_err(trouble)?;
        let head = self.0.store.records(HEAD).and_then(|head| head.get(LAST));
        let head: Option<Head> = head.map_err(trouble)?;
        checked(&entries, head.as_ref()).map_err(|error| {
            CommandError::world(error.to_string()).hint(
                "the log is not what was written: compare it with a backup of the data directory",
            )
        })
    }
}

/// A crash between an entry and the note of it leaves the note one behind: that is whole.
fn checked(entries: &[AuditEntry], head: Option<&Head>) -> Result<u64, AuditError> {
    let count = verify(entries, None)?;
    if let Some(head) = head {
        let known = usize::try_from(head.number).unwrap_or(usize::MAX);
        let known = &entries[..known.min(entries.len())];
        verify(known, Some(&head.digest))?;
    }
    Ok(count)
}

fn is_wanted(deed: &Deed, wanted: &AuditFilter) -> bool {
    let object = &deed.object;
    let is = |wanted: &Option<String>, found: &str| {
        wanted.as_deref().is_none_or(|wanted| wanted == found)
    };
    wanted.object.as_ref().is_none_or(|text| {
        *text == object.name || *text == object.uid || *text == object.node.to_string()
    }) && is(&wanted.action, &deed.action)
        && is(&wanted.who, &deed.who)
        && is(&wanted.verdict, &deed.verdict)
        && (is(&wanted.cluster, &object.account_name) || is(&wanted.cluster, &object.account))
        && wanted.after.is_none_or(|after| deed.at > after)
        && wanted.before.is_none_or(|before| deed.at < before)
}

fn row(entry: &AuditEntry) -> Value {
    let deed = &entry.deed;
    let object = &deed.object;
    json!({
        "number": entry.number,
        "at": normalise(deed.at),
        "who": deed.who,
        "line": deed.line,
        "action": deed.action,
        "verdict": deed.verdict,
        "kind": object.kind,
        "name": object.name,
        "namespace": object.namespace,
        "cluster": object.account_name,
        "uid": object.uid,
        "resource_version": object.resource_version,
        "plan": deed.plan,
        "message": deed.message,
        "id": object.node.to_string(),
    })
}

pub(crate) fn trouble(error: StoreError) -> CommandError {
    let hint = error.hint();
    let told = CommandError::world(error.to_string());
    match hint {
        Some(hint) => told.hint(hint),
        None => told,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use stocktake_model::ObjectRef;

    use super::*;

    fn log(entries: u8) -> Vec<AuditEntry> {
        let mut log: Vec<AuditEntry> = Vec::new();
        for number in 0..entries {
            let object = ObjectRef {
                node: NodeId::from_bytes([number; 16]),
                account: "a".into(),
                account_name: "prod".into(),
                kind: "kubernetes_pod".into(),
                api_version: "v1".into(),
                api_resource: "pods".into(),
                namespace: None,
                name: format!("pod-{number}"),
                uid: "u".into(),
                resource_version: None,
            };
            let deed = Deed {
                at: Timestamp::UNIX_EPOCH,
                who: "ada".into(),
                line: "clean apply plan.json".into(),
                action: "delete".into(),
                plan: None,
                object,
                verdict: "deleted".into(),
                message: String::new(),
            };
            log.push(next_entry(log.last(), deed));
        }
        log
    }

    fn head(entry: &AuditEntry) -> Head {
        Head {
            number: entry.number,
            digest: entry.digest.clone(),
        }
    }

    #[test]
    fn a_log_that_was_cut_off_is_found_out() {
        let log = log(4);
        assert_eq!(checked(&log, Some(&head(&log[3]))), Ok(4));
        assert_eq!(checked(&log, Some(&head(&log[2]))), Ok(4), "a crash");
        assert_eq!(checked(&log, None), Ok(4), "a log from before");
        let cut = checked(&log[..3], Some(&head(&log[3])));
        assert_eq!(cut, Err(AuditError::Cut(3)));
        let other = Head {
            number: 2,
            digest: "x".into(),
        };
        assert_eq!(checked(&log, Some(&other)), Err(AuditError::Cut(2)));
    }
}
