//! Objects that were deleted here: kept for 30 days so that they can be created again. What was redacted is not kept.
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stocktake_act::Deed;
use stocktake_client::Task;
use stocktake_command::{CommandError, Context, RestoreOptions, TagMode};
use stocktake_model::{NodeId, ObjectRef};
use stocktake_plugin_api::{Manifest, Outcome, Trial};
use stocktake_store::{Records, StoreError};

use crate::audit::trouble;
use crate::core::{Core, now};
use crate::fate::object_name;
use crate::plans::Lead;

/// Name of the records that hold deleted objects, by node.
const DELETED: &str = "deleted";
/// How long they are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A deleted object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    object: ObjectRef,
    manifest: Manifest,
    /// When it was turned to, shortly before it was deleted.
    at: Timestamp,
    lead: Lead,
    reason: String,
    plan: String,
}

/// Why an object is kept.
pub(crate) struct Keeping<'k> {
    /// Whose doing its deletion is.
    pub(crate) lead: &'k Lead,
    /// Why it is deleted.
    pub(crate) reason: &'k str,
    /// Digest of the plan.
    pub(crate) plan: &'k str,
}

impl Core {
    fn deleted(&self) -> Result<Records, StoreError> {
        self.0.store.records(DELETED)
    }

    /// Reads an object and writes down how it could be created again. An object that is gone, or another one by now, is
    /// left to the deletion to tell; one whose plugin creates nothing is not kept.
    pub(crate) async fn keep_manifest(
        &self,
        object: &ObjectRef,
        keeping: &Keeping<'_>,
    ) -> Result<(), String> {
        let found = self.plugin_of(&object.account);
        let (plugin, section) = found.map_err(|error| error.to_string())?;
        let task = Task::Keep {
            plugin,
            section,
            object: Box::new(object.clone()),
        };
        let manifest = match self.act(task).await {
            Outcome::Kept(manifest) => *manifest,
            Outcome::Failed { message } => {
                return Err(format!("it could not be kept for `restore`: {message}"));
            }
            _ => return Ok(()),
        };
        let kept = Kept {
            object: object.clone(),
            manifest,
            at: now(),
            lead: keeping.lead.clone(),
            reason: keeping.reason.to_owned(),
            plan: keeping.plan.to_owned(),
        };
        let records = self.deleted();
        let put = records.and_then(|records| records.put(&object.node.to_string(), &kept));
        put.map_err(|error| format!("it could not be kept for `restore`: {error}"))
    }

    /// Forgets deleted objects that nobody can have back any more.
    pub(crate) fn forget_deleted(&self, now: Timestamp) -> Result<(), StoreError> {
        let records = self.deleted()?;
        let kept: Result<Vec<(String, Kept)>, StoreError> = records.list("").collect();
        for (key, kept) in kept? {
            if now.duration_since(kept.at) > KEPT {
                records.delete(&key)?;
            }
        }
        Ok(())
    }

    fn kept_object(&self, id: &str) -> Result<Kept, CommandError> {
        let node = match id.parse::<u64>() {
            Ok(number) => {
                let entry = self.audit_entry(number).map_err(trouble)?;
                let entry = entry.ok_or_else(|| unknown(id))?;
                entry.deed.object.node
            }
            Err(_) => id.parse::<NodeId>().map_err(|_| unknown(id))?,
        };
        let records = self.deleted().map_err(trouble)?;
        let kept: Option<Kept> = records.get(&node.to_string()).map_err(trouble)?;
        let kept = kept.ok_or_else(|| unknown(id))?;
        if now().duration_since(kept.at) > KEPT {
            return Err(CommandError::world(format!(
                "{} was deleted more than 30 days ago",
                object_name(&kept.object)
            )));
        }
        Ok(kept)
    }

    /// Creates a deleted object again.
    pub(crate) async fn restore_object(
        &self,
        wanted: RestoreOptions,
        context: &Context,
    ) -> Result<Value, CommandError> {
        let kept = self.kept_object(&wanted.id)?;
        let manifest = filled(&kept, &wanted)?;
        let object = kept.object;
        let (plugin, section) = self.plugin_of(&object.account)?;
        let trial = match wanted.mode {
            TagMode::Apply => Trial::No,
            TagMode::DryRun => Trial::Yes,
        };
        let task = Task::Restore {
            plugin,
            section,
            object: Box::new(object.clone()),
            manifest: Box::new(manifest),
            trial,
        };
        let (verdict, message) = told(self.act(task).await);
        if trial == Trial::No {
            let deed = Deed {
                at: now(),
                who: context.user.clone(),
                line: without_values(&context.line, &wanted),
                action: "restore".to_owned(),
                plan: Some(kept.plan).filter(|plan| !plan.is_empty()),
                object: object.clone(),
                verdict: verdict.to_owned(),
                message: message.clone(),
            };
            self.audit_deed(deed).await.map_err(trouble)?;
        }
        Ok(json!({
            "verdict": verdict, "kind": object.kind, "name": object.name,
            "namespace": object.namespace, "cluster": object.account_name, "message": message,
            "id": object.node.to_string(),
        }))
    }
}

fn unknown(id: &str) -> CommandError {
    CommandError::usage(format!("nothing deleted is kept under `{id}`"))
        .hint("`audit --action delete` lists ids and numbers; objects are kept for 30 days")
}

/// The manifest with every value that was never kept; refused if one is missing or nobody asked for it.
fn filled(kept: &Kept, wanted: &RestoreOptions) -> Result<Manifest, CommandError> {
    let redacted = &kept.manifest.redacted;
    let name = object_name(&kept.object);
    if let Some(odd) = wanted
        .fill
        .keys()
        .find(|field| !redacted.iter().any(|one| one.field == **field))
    {
        return Err(CommandError::usage(format!(
            "{name} has no redacted field `{odd}`"
        )));
    }
    let missing: Vec<&str> = (redacted.iter())
        .filter(|one| !wanted.fill.contains_key(&one.field))
        .map(|one| one.field.as_str())
        .collect();
    if !missing.is_empty() {
        let options = missing.iter().map(|field| format!("--fill {field}=…"));
        return Err(CommandError::usage(format!(
            "values of {name} were never kept: `{}`",
            missing.join("`, `")
        ))
        .hint(format!(
            "give them: {}",
            options.collect::<Vec<_>>().join(" ")
        )));
    }
    let mut manifest = kept.manifest.clone();
    for one in redacted {
        let value = wanted.fill[&one.field].clone();
        if !put(&mut manifest.body, &one.pointer, value.into()) {
            return Err(CommandError::world(format!(
                "the place of `{}` in the manifest of {name} is gone",
                one.field
            )));
        }
    }
    manifest.redacted.clear();
    Ok(manifest)
}

/// Puts a value where a pointer leads; objects on the way are made. False if something else is in the way.
fn put(body: &mut Value, pointer: &str, value: Value) -> bool {
    let mut place = body;
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if place.is_null() {
            *place = json!({});
        }
        let next = match place {
            Value::Object(map) => Some(map.entry(part).or_insert(Value::Null)),
            Value::Array(list) => part.parse().ok().and_then(|at: usize| list.get_mut(at)),
            _ => None,
        };
        let Some(next) = next else { return false };
        place = next;
    }
    *place = value;
    true
}

/// The line without the values that must not be kept.
fn without_values(line: &str, wanted: &RestoreOptions) -> String {
    let mut fields = wanted.fill.keys().peekable();
    if fields.peek().is_none() {
        return line.to_owned();
    }
    let fills = fields.map(|field| format!("--fill {field}=redacted"));
    let fills: Vec<String> = fills.collect();
    format!("restore {} {}", fills.join(" "), wanted.id)
}

fn told(outcome: Outcome) -> (&'static str, String) {
    match outcome {
        Outcome::Restored { uid } => (
            "restored",
            format!("its new uid is {uid}; the next collection shows it"),
        ),
        Outcome::WouldSucceed => ("would be restored", "dry run".to_owned()),
        Outcome::Changed { message } => ("changed", message),
        Outcome::Refused { message } => ("refused", message),
        Outcome::Failed { message } => ("failed", message),
        other => ("failed", format!("unexpected outcome {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use stocktake_plugin_api::Redacted;

    use super::*;

    fn kept() -> Kept {
        Kept {
            object: ObjectRef {
                node: NodeId::from_bytes([1; 16]),
                account: "a".into(),
                account_name: "prod".into(),
                kind: "kubernetes_secret".into(),
                api_version: "v1".into(),
                api_resource: "secrets".into(),
                namespace: Some("shop".into()),
                name: "login".into(),
                uid: "u".into(),
                resource_version: None,
            },
            manifest: Manifest {
                body: json!({"kind": "Secret", "spec": {"env": [{"name": "A"}]}}),
                redacted: vec![
                    Redacted {
                        field: "data.a/b".into(),
                        pointer: "/stringData/a~1b".into(),
                    },
                    Redacted {
                        field: "spec.env[0].value".into(),
                        pointer: "/spec/env/0/value".into(),
                    },
                ],
            },
            at: Timestamp::UNIX_EPOCH,
            lead: Lead {
                who: "ada".into(),
                line: "clean apply p".into(),
            },
            reason: String::new(),
            plan: String::new(),
        }
    }

    fn fill(pairs: &[(&str, &str)]) -> RestoreOptions {
        let pairs = pairs.iter();
        RestoreOptions {
            id: "3".into(),
            fill: pairs
                .map(|(field, value)| ((*field).into(), (*value).into()))
                .collect(),
            mode: TagMode::Apply,
        }
    }

    #[test]
    fn what_was_not_kept_has_to_be_given() {
        let error = filled(&kept(), &fill(&[("data.a/b", "x")])).unwrap_err();
        assert_eq!(
            error.message,
            "values of kubernetes_secret `shop/login` in `prod` were never kept: `spec.env[0].value`"
        );
        assert_eq!(
            error.hint.as_deref(),
            Some("give them: --fill spec.env[0].value=…")
        );
        let error = filled(&kept(), &fill(&[("data.c", "x")])).unwrap_err();
        assert!(error.message.ends_with("has no redacted field `data.c`"));
        let whole = fill(&[("data.a/b", "hunter2"), ("spec.env[0].value", "y")]);
        let manifest = filled(&kept(), &whole).unwrap();
        assert_eq!(
            manifest.body,
            json!({
                "kind": "Secret", "stringData": {"a/b": "hunter2"},
                "spec": {"env": [{"name": "A", "value": "y"}]},
            })
        );
        let line = without_values("restore --fill data.a/b=hunter2 … 3", &whole);
        assert_eq!(
            line,
            "restore --fill data.a/b=redacted --fill spec.env[0].value=redacted 3"
        );
    }
}
