//! The HTTP face of the core: the same router in-process and on the socket. No logic lives here.
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use futures::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use stocktake_client::{
    AccountFailure, CollectSummary, Complete, Event, Execute, Handed, Info, Merged, TaskResult,
    Work, lines, unread_lines,
};
use stocktake_command::{CommandError, Context, Terminal};
use stocktake_model::{Known, SnapshotItem};
use stocktake_plugin_api::{Progress, WatchItem};

use crate::core::Core;
use crate::ingest::{IngestError, Sent};

/// Largest body that is not a stream, in bytes: a command line with its files. A backup takes four bytes for three of the record.
const MAX_BODY: usize = 1 << 30;

/// Every route of the core.
pub(crate) fn router(core: Core) -> Router {
    Router::new()
        .route("/system/ping", get(async || "pong"))
        .route("/system/info", get(info))
        .route("/system/attached", get(attached))
        .route("/cli/complete", post(complete))
        .route("/cli/execute", post(execute))
        .route("/collections/last", get(last_collection))
        .route("/events", get(events).post(emit))
        .route("/graph/known", post(recall))
        .route("/graph/merge", post(merge))
        .route("/tasks/key", get(key))
        .route("/tasks/take", post(take))
        .route("/tasks/{id}/progress", post(progress))
        .route("/tasks/{id}/failure", post(failure))
        .route("/tasks/{id}/follow", post(follow))
        .route("/tasks/{id}/hold", post(hold))
        .route("/tasks/{id}/result", post(result))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(core)
}

async fn info(State(core): State<Core>) -> Json<Info> {
    Json(core.info())
}

/// Answers when the core closes: as long as it is open, somebody is attached.
async fn attached(State(core): State<Core>) -> Body {
    let seat = core.attach();
    let wait = async move {
        seat.until_closed().await;
        Ok::<_, std::convert::Infallible>(Bytes::new())
    };
    Body::from_stream(futures::stream::once(wait))
}

async fn last_collection(State(core): State<Core>) -> Json<Option<CollectSummary>> {
    Json(core.last_collection())
}

async fn execute(State(core): State<Core>, Json(execute): Json<Execute>) -> Body {
    let Execute {
        line,
        user,
        prompt,
        width,
        env,
        files,
    } = execute;
    let terminal = if prompt {
        Terminal::Prompt { width }
    } else {
        Terminal::None
    };
    let context = Context {
        line: line.clone(),
        user,
        terminal,
        env,
        files,
    };
    let outputs = stocktake_command::execute(context, Arc::new(core));
    Body::from_stream(outputs.map(|output| encode(&output)))
}

async fn complete(
    State(core): State<Core>,
    Json(complete): Json<Complete>,
) -> Json<stocktake_command::Completions> {
    Json(core.complete(complete.line, complete.cursor).await)
}

fn encode(value: &impl Serialize) -> Result<Bytes, serde_json::Error> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line.into())
}

/// Events as they come, one JSON object per line.
async fn events(State(core): State<Core>, Query(wanted): Query<Shown>) -> Body {
    let names = wanted.show.split(',').filter(|name| !name.is_empty());
    let events = core.hear(names.map(str::to_owned).collect());
    Body::from_stream(events.map(|event| encode(&event)))
}

/// Names of events, with commas.
#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    show: String,
}

async fn emit(State(core): State<Core>, Json(event): Json<Event>) -> Result<StatusCode, Refusal> {
    let taken = core.take_event(event);
    taken
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(Refusal::Command)
}

/// What is known of an account, for whoever collects it.
async fn recall(
    State(core): State<Core>,
    Json(account): Json<String>,
) -> Result<Json<Known>, Refusal> {
    let recalled = tokio::task::spawn_blocking(move || core.recall(&account)).await;
    let recalled = recalled.map_err(|error| IngestError::Task(error.to_string()));
    recalled.map(Json).map_err(Refusal::Ingest)
}

async fn merge(
    State(core): State<Core>,
    handed: Option<Extension<Handed<SnapshotItem>>>,
    body: Body,
) -> Result<Json<Merged>, Refusal> {
    let handed = handed.and_then(|Extension(handed)| handed.take());
    let items = if let Some(items) = handed {
        items.map(|item| Ok(Sent::Item(item))).boxed()
    } else {
        let chunks = body.into_data_stream().map_err(|error| error.to_string());
        unread_lines(chunks).map_ok(Sent::Line).boxed()
    };
    core.ingest(items).await.map(Json).map_err(Refusal::Ingest)
}

async fn follow(
    State(core): State<Core>,
    Path(id): Path<u64>,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let Some(hold) = core.0.watches.hold_of(id) else {
        return Ok(StatusCode::GONE);
    };
    let _busy = hold.busy.lock().await;
    let chunks = body.into_data_stream().map_err(|error| error.to_string());
    let items = lines::<WatchItem, _>(chunks);
    let followed = core.follow(id, items, &hold.stop).await;
    followed
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(Refusal::Ingest)
}

async fn key(State(core): State<Core>) -> Result<Bytes, Refusal> {
    let key = core.installation_key().await;
    key.map(Bytes::from)
        .map_err(|error| Refusal::Ingest(IngestError::Store(error)))
}

async fn take(State(core): State<Core>) -> Response {
    match core.queue().take().await {
        Some(work) => {
            let limits = core.0.documents.work_limits();
            Json(Work { limits, ..work }).into_response()
        }
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn progress(
    State(core): State<Core>,
    Path(id): Path<u64>,
    Json(progress): Json<Progress>,
) -> StatusCode {
    core.collecting(id, &progress);
    known(core.queue().heard(id))
}

async fn hold(State(core): State<Core>, Path(id): Path<u64>) -> StatusCode {
    known(core.queue().heard(id))
}

async fn failure(
    State(core): State<Core>,
    Path(id): Path<u64>,
    Json(failure): Json<AccountFailure>,
) -> Result<StatusCode, Refusal> {
    core.account_failed(failure)
        .await
        .map_err(Refusal::Ingest)?;
    Ok(known(core.queue().heard(id)))
}

async fn result(
    State(core): State<Core>,
    Path(id): Path<u64>,
    Json(result): Json<TaskResult>,
) -> StatusCode {
    known(core.queue().finish(id, result))
}

fn known(known: bool) -> StatusCode {
    if known {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::GONE
    }
}

/// A request that could not be granted, as plain text for people.
enum Refusal {
    Ingest(IngestError),
    Command(CommandError),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Ingest(error) => error,
            Self::Command(error) => {
                let hint = error.hint.map(|hint| format!("\n  hint: {hint}"));
                let told = error.message + &hint.unwrap_or_default();
                return (StatusCode::BAD_REQUEST, told).into_response();
            }
        };
        let status = match &error {
            IngestError::Stream(_) | IngestError::Protocol(_) => StatusCode::BAD_REQUEST,
            IngestError::Store(_) | IngestError::Task(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, error.to_string()).into_response()
    }
}
