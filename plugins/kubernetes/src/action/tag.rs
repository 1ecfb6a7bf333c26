//! Changing annotations or labels.
use http::Method;
use serde_json::{Value, json};
use stocktake_plugin_api::{Change, Outcome, Tagged};

use super::{Subject, event, key};
use crate::connect::Answer;
use crate::convert::Converter;
use crate::list::Pager;
use crate::page::{Element, Form};
use crate::trouble::RequestError;
use crate::{Resource, secrets};

/// Times a change is tried when another writer was faster.
const TRIES: u32 = 4;
/// Not the strategic form: custom resources refuse that, and for a map of texts both mean the same.
const MERGE_PATCH: &str = "application/merge-patch+json";

/// Changes tags; an object of the same name with another uid is left alone.
pub(crate) async fn tag(subject: &Subject<'_>, converter: &Converter, change: &Change) -> Outcome {
    if let Some(message) = key::objection(change) {
        return Outcome::Refused { message };
    }
    let answer = match patch(subject, change).await {
        Ok(answer) => answer,
        Err(error) => return subject.outcome("patch", &error),
    };
    if change.dry_run {
        return Outcome::WouldSucceed;
    }
    match converted(subject, converter, &answer).await {
        Ok(outcome) => {
            if let Outcome::Tagged(tagged) = &outcome
                && !subject.object.is_at_version(&tagged.node.reported)
            {
                let kind = tagged.node.reported.get("api_kind").and_then(Value::as_str);
                let keys: Vec<&str> = change.tags.keys().map(String::as_str).collect();
                let why = keys.join(", ");
                event::tell(subject, kind.unwrap_or_default(), &outcome, &why).await;
            }
            outcome
        }
        Err(error) => Outcome::Failed {
            message: format!("it was changed, but what it is now can not be read: {error}"),
        },
    }
}

async fn patch(subject: &Subject<'_>, change: &Change) -> Result<Answer, RequestError> {
    let section = if change.labels {
        "labels"
    } else {
        "annotations"
    };
    let body = json!({"metadata": {"uid": subject.object.uid, section: change.tags}});
    let mut query = "?fieldManager=stocktake".to_owned();
    if change.dry_run {
        query += "&dryRun=All";
    }
    let ask = subject.ask(Method::PATCH, &query, MERGE_PATCH, &body);
    let mut tries = 1;
    loop {
        let result = subject
            .patience
            .persist(|| async { subject.link.ask(&ask).await })
            .await;
        match result {
            Err(error) if error.code() == Some(409) && tries < TRIES => tries += 1,
            result => return result,
        }
    }
}

/// The object after the change, as a node like in a collection.
async fn converted(
    subject: &Subject<'_>,
    converter: &Converter,
    answer: &Answer,
) -> Result<Outcome, RequestError> {
    let returned: Value = answer.json()?;
    let (kind, object) = if secrets::are(&subject.resource) {
        let Some(object) = row(subject).await? else {
            return Ok(Outcome::Vanished);
        };
        ("Secret".to_owned(), object)
    } else {
        (
            returned["kind"].as_str().unwrap_or_default().to_owned(),
            returned,
        )
    };
    if object["metadata"]["uid"] != subject.object.uid {
        return Ok(Outcome::Changed {
            message: "another object has this name now".to_owned(),
        });
    }
    let resource = Resource {
        kind,
        ..subject.resource.clone()
    };
    Ok(match converter.convert(&resource, object.into()) {
        Ok(nodes) => match nodes.into_iter().next() {
            Some(node) => Outcome::Tagged(Box::new(Tagged { node })),
            None => Outcome::Failed {
                message: "it was changed, but gives no node".to_owned(),
            },
        },
        Err(error) => Outcome::Failed {
            message: format!("it was changed, but gives no node: {error}"),
        },
    })
}

/// A Secret as its list shows it: without values, but with its type and the number of its keys.
pub(super) async fn row(subject: &Subject<'_>) -> Result<Option<Value>, RequestError> {
    let mut pager = Pager::new(
        subject.link,
        subject.patience,
        subject.folder(),
        Form::Rows,
        1,
    )
    .only(&subject.object.name);
    let object = pager.next().await?;
    Ok(object.and_then(|object| object.and_then(Element::value).ok()))
}
