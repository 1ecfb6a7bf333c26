//! The typed client: one method per route of the core.
use std::collections::BTreeMap;

use bytes::Bytes;
use futures::stream::{BoxStream, Stream, StreamExt as _};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, BodyStream, Empty, Full, StreamBody};
use hyper::body::Frame;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stocktake_command::{Completions, Output};
use stocktake_model::{Known, SnapshotItem};
use stocktake_plugin_api::{Progress, WatchItem};

use crate::transport::{Body, BodyError};
use crate::{
    AccountFailure, ClientError, CollectSummary, Event, Handed, Merged, TaskResult, Transport,
    Work, lines,
};

/// A client of one core; cheap to clone.
#[derive(Clone)]
pub struct Client {
    transport: Transport,
}

/// A command line and what it needs to know about who typed it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Execute {
    /// The line as it was typed.
    pub line: String,
    /// Who typed it, for the record.
    pub user: String,
    /// True if a person waits at a prompt.
    pub prompt: bool,
    /// Columns of the terminal, if it is one.
    pub width: Option<u16>,
    /// Environment of the line (`section`, `search_timeout`, …).
    pub env: BTreeMap<String, String>,
    /// Files the line names, by the name it uses.
    pub files: BTreeMap<String, String>,
}

/// A line that is being typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Complete {
    /// The line so far.
    pub line: String,
    /// Where the cursor is, in bytes.
    pub cursor: usize,
}

/// What a core says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Info {
    /// Version of the program.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// Data directory.
    pub data_dir: String,
    /// Accounts in the graph.
    pub accounts: u64,
    /// Nodes in the graph.
    pub nodes: u64,
    /// Age of the oldest account's last collection, in seconds; absent before the first.
    pub data_age_secs: Option<u64>,
}

impl Client {
    /// A client over this transport.
    pub fn new(transport: Transport) -> Self {
        Self { transport }
    }

    /// What people are told they are connected to.
    pub fn address(&self) -> &str {
        self.transport.address()
    }

    /// Asks the core about itself.
    pub async fn info(&self) -> Result<Info, ClientError> {
        self.json(Method::GET, "/system/info", empty()).await
    }

    /// Takes a seat at the core, so that its owner does not leave without a word. The seat is taken when this returns
    /// and given up when what it returns is dropped; that ends by itself when the core closes.
    pub async fn attach(&self) -> Result<impl Future<Output = ()> + Send + use<>, ClientError> {
        let response = self.send(Method::GET, "/system/attached", empty()).await?;
        Ok(async move {
            // However the answer ends, the core is gone.
            let _ = collect(response).await;
        })
    }

    /// Runs a command line; the outputs arrive as they are made. Dropping the stream cancels the line.
    pub async fn execute(
        &self,
        execute: &Execute,
    ) -> Result<BoxStream<'static, Result<Output, ClientError>>, ClientError> {
        let response = self
            .send(Method::POST, "/cli/execute", encode(execute)?)
            .await?;
        let outputs = lines(data(response.into_body()));
        Ok(outputs
            .map(|output| output.map_err(ClientError::Broken))
            .boxed())
    }

    /// What the last collection came to, and what it cost; `None` before the first.
    pub async fn last_collection(&self) -> Result<Option<CollectSummary>, ClientError> {
        self.json(Method::GET, "/collections/last", empty()).await
    }

    /// The key of the installation, which workers hash with; at most 32 bytes.
    pub async fn installation_key(&self) -> Result<Bytes, ClientError> {
        collect(self.send(Method::GET, "/tasks/key", empty()).await?).await
    }

    /// What may stand at byte `cursor` of a line.
    pub async fn complete(&self, line: &str, cursor: usize) -> Result<Completions, ClientError> {
        let line = line.to_owned();
        let body = encode(&Complete { line, cursor })?;
        self.json(Method::POST, "/cli/complete", body).await
    }

    /// Waits for work; `None` if there was none for a while: ask again.
    pub async fn take_work(&self, worker: &str) -> Result<Option<Work>, ClientError> {
        let path = format!("/tasks/take?worker={worker}");
        let response = self.send(Method::POST, &path, empty()).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        decode(response).await.map(Some)
    }

    /// Tells what became of a piece of work.
    pub async fn finish_work(&self, id: u64, result: &TaskResult) -> Result<(), ClientError> {
        self.send(
            Method::POST,
            &format!("/tasks/{id}/result"),
            encode(result)?,
        )
        .await
        .map(drop)
    }

    /// Tells how far the collection of one account is; also keeps the lease on the work.
    pub async fn report_progress(&self, id: u64, progress: &Progress) -> Result<(), ClientError> {
        self.send(
            Method::POST,
            &format!("/tasks/{id}/progress"),
            encode(progress)?,
        )
        .await
        .map(drop)
    }

    /// Keeps the lease on a piece of work that takes its time.
    pub async fn hold_work(&self, id: u64) -> Result<(), ClientError> {
        let path = format!("/tasks/{id}/hold");
        self.send(Method::POST, &path, empty()).await.map(drop)
    }

    /// Tells that an account could not be collected.
    pub async fn report_failure(
        &self,
        id: u64,
        failure: &AccountFailure,
    ) -> Result<(), ClientError> {
        self.send(
            Method::POST,
            &format!("/tasks/{id}/failure"),
            encode(failure)?,
        )
        .await
        .map(drop)
    }

    /// What the core knows of an account.
    pub async fn known(&self, account: &str) -> Result<Known, ClientError> {
        self.json(Method::POST, "/graph/known", encode(&account)?)
            .await
    }

    /// Streams one snapshot; it is committed when the stream ends with `End`.
    pub async fn merge(
        &self,
        items: impl Stream<Item = SnapshotItem> + Send + 'static,
    ) -> Result<Merged, ClientError> {
        let path = "/graph/merge";
        if !self.transport.is_local() {
            return self.json(Method::POST, path, stream(items)).await;
        }
        let mut request = request(Method::POST, path, empty())?;
        request.extensions_mut().insert(Handed::new(items));
        decode(self.send_request(request).await?).await
    }

    /// Streams what a watch tells; changes are committed as they come. Returns when the core has heard enough.
    pub async fn follow(
        &self,
        id: u64,
        items: impl Stream<Item = WatchItem> + Send + 'static,
    ) -> Result<(), ClientError> {
        let path = format!("/tasks/{id}/follow");
        self.send(Method::POST, &path, stream(items))
            .await
            .map(drop)
    }

    /// What happens from now on: events of these names, or all if none is given. Ends when the core closes.
    pub async fn events(
        &self,
        names: &[&str],
    ) -> Result<BoxStream<'static, Result<Event, ClientError>>, ClientError> {
        let path = format!("/events?show={}", names.join(","));
        let response = self.send(Method::GET, &path, empty()).await?;
        let events = lines(data(response.into_body()));
        Ok(events
            .map(|event| event.map_err(ClientError::Broken))
            .boxed())
    }

    /// Tells the core an event: `start_<name>_workflow` starts a workflow, any other wakes the jobs that wait for it.
    pub async fn emit(&self, event: &Event) -> Result<(), ClientError> {
        let body = encode(event)?;
        self.send(Method::POST, "/events", body).await.map(drop)
    }

    async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<T, ClientError> {
        decode(self.send(method, path, body).await?).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Body,
    ) -> Result<Response<Body>, ClientError> {
        self.send_request(request(method, path, body)?).await
    }

    async fn send_request(&self, request: Request<Body>) -> Result<Response<Body>, ClientError> {
        let response = self.transport.send(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let text = collect(response).await?;
        Err(ClientError::Refused {
            status,
            message: String::from_utf8_lossy(&text).into_owned(),
        })
    }
}

fn request(method: Method, path: &str, body: Body) -> Result<Request<Body>, ClientError> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "stocktake")
        .header("content-type", "application/json")
        .body(body)
        .map_err(|error| ClientError::Understand(error.to_string()))
}

/// A body of one JSON value a line.
fn stream(items: impl Stream<Item = impl Serialize> + Send + 'static) -> Body {
    let frames = items.map(|item| {
        let mut line = serde_json::to_vec(&item).map_err(|error| BodyError(error.to_string()))?;
        line.push(b'\n');
        Ok::<_, BodyError>(Frame::data(Bytes::from(line)))
    });
    StreamBody::new(frames.boxed()).boxed_unsync()
}

fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn encode(value: &impl Serialize) -> Result<Body, ClientError> {
    let bytes = serde_json::to_vec(value).map_err(|e| ClientError::Understand(e.to_string()))?;
    Ok(Full::from(bytes)
        .map_err(|never| match never {})
        .boxed_unsync())
}

async fn decode<T: DeserializeOwned>(response: Response<Body>) -> Result<T, ClientError> {
    let bytes = collect(response).await?;
    serde_json::from_slice(&bytes).map_err(|error| ClientError::Understand(error.to_string()))
}

async fn collect(response: Response<Body>) -> Result<Bytes, ClientError> {
    let collected = response.into_body().collect().await;
    collected
        .map(http_body_util::Collected::to_bytes)
        .map_err(|error| ClientError::Broken(error.to_string()))
}

fn data(body: Body) -> impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static {
    BodyStream::new(body)
        .filter_map(|frame| async move { frame.map(|frame| frame.into_data().ok()).transpose() })
}
