//! One server, one request at a time: with a deadline over the whole answer, and credentials that are renewed
//! before they expire or when the server refuses them.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Method, Request};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use kube::config::AuthInfo;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::client::Clients;
use super::exec::{Credential, Credentials, Fresh};
use super::lines::Lines;
use super::pace::{Pace, Paces};
use super::{Frames, Target, cause};
use crate::trouble::{Refusal, RequestError};

/// Time to a connection at most; a dead server should not take as long as a slow list.
const CONNECT: Duration = Duration::from_secs(10);
/// JSON, as every server speaks it.
pub(crate) const JSON: &str = "application/json";
const AGENT: &str = concat!("stocktake/", env!("CARGO_PKG_VERSION"));

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// HTTP method.
    pub method: Method,
    /// Path and query below the server URL.
    pub path: String,
    /// The `Accept` header.
    pub accept: &'static str,
    /// The body and its media type.
    pub body: Option<(&'static str, Vec<u8>)>,
}

impl Ask {
    /// A GET of JSON.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            accept: JSON,
            body: None,
        }
    }

    /// The same in another form.
    pub(crate) fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }
}

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Path that was asked, for messages.
    pub path: String,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, RequestError> {
        serde_json::from_slice(&self.body).map_err(|error| malformed(&self.path, &error))
    }
}

/// The body is not what was asked for. Says where, not what stands there.
pub(crate) fn malformed(path: &str, error: &serde_json::Error) -> RequestError {
    RequestError::Malformed {
        what: path.to_owned(),
        why: match error.classify() {
            serde_json::error::Category::Eof => "it ends too early".to_owned(),
            serde_json::error::Category::Data => "it has another shape".to_owned(),
            _ => format!(
                "no JSON at line {}, column {}",
                error.line(),
                error.column()
            ),
        },
    }
}

/// What one answer may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Time until it is complete.
    pub timeout: Duration,
    /// Bytes that are held.
    pub bytes: usize,
    /// Requests a second; `None` leaves it to the server.
    pub qps: Option<f64>,
}

/// A way to one server.
pub(crate) struct Link {
    target: Target,
    credentials: Arc<Credentials>,
    limits: Limits,
    pace: Arc<Pace>,
    ready: Mutex<Option<Ready>>,
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// Clients that are ready to be used, and until when.
#[derive(Clone)]
struct Ready {
    clients: Clients,
    credential: Option<Credential>,
}

impl Link {
    /// A way to the server of `target`; nothing is asked yet.
    pub(crate) fn new(
        target: Target,
        credentials: Arc<Credentials>,
        limits: Limits,
        paces: &Paces,
    ) -> Self {
        let pace = paces.of(&target.server_url);
        Self {
            target,
            credentials,
            limits,
            pace,
            ready: Mutex::new(None),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }
    }

    /// Requests sent, and bytes of whole answers that came.
    pub(crate) fn traffic(&self) -> (u64, u64) {
        let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
        (count(&self.requests), count(&self.bytes))
    }

    /// Where it leads.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Sends one request; anything but success is an error.
    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Answer, RequestError> {
        let ready = self.ready(Fresh::IfStale).await?;
        let result = self.send(ready.clients.short(), ask).await;
        if self.may_renew(&result) {
            let ready = self.ready(Fresh::Always).await?;
            return self.send(ready.clients.short(), ask).await;
        }
        result
    }

    async fn ready(&self, fresh: Fresh) -> Result<Ready, RequestError> {
        let mut slot = self.ready.lock().await;
        let stale = |ready: &Ready| {
            let credential = ready.credential.as_ref();
            credential.is_some_and(Credential::is_stale)
        };
        if fresh == Fresh::IfStale
            && let Some(ready) = slot.as_ref().filter(|ready| !stale(ready))
        {
            return Ok(ready.clone());
        }
        let credential = match &self.target.exec {
            Some(exec) => Some(self.credentials.of(exec, fresh).await?),
            None => None,
        };
        let clients = self.clients(credential.clone()).await?;
        let ready = Ready {
            clients,
            credential,
        };
        Ok(slot.insert(ready).clone())
    }

    async fn clients(&self, credential: Option<Credential>) -> Result<Clients, RequestError> {
        let mut config = self.target.config.clone();
        config.default_retry = false;
        config.connect_timeout = Some(CONNECT.min(self.limits.timeout));
        config
            .headers
            .push((USER_AGENT, HeaderValue::from_static(AGENT)));
        if let Some(credential) = credential {
            credential.enter(&mut config.auth_info);
        }
        // Fails only if a provider is there already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        self.apart(move || {
            trim_token(&mut config.auth_info);
            Clients::new(config)
        })
        .await
    }

    /// Makes a client on a thread of its own: token files and legacy auth providers are read meanwhile.
    async fn apart<T: Send + 'static>(
        &self,
        make: impl FnOnce() -> kube::Result<T> + Send + 'static,
    ) -> Result<T, RequestError> {
        let handle = tokio::runtime::Handle::current();
        let built = tokio::task::spawn_blocking(move || {
            let _guard = handle.enter();
            make()
        });
        match tokio::time::timeout(self.limits.timeout, built).await {
            Ok(Ok(Ok(built))) => Ok(built),
            Ok(Ok(Err(error))) => Err(self.cause(&error)),
            Ok(Err(_)) | Err(_) => Err(RequestError::Credentials {
                message: "the credentials could not be read in time".to_owned(),
                hint: Some("use an exec plugin instead of an `auth-provider`".to_owned()),
            }),
        }
    }

    async fn send(&self, client: &Client, ask: &Ask) -> Result<Answer, RequestError> {
        self.turn().await;
        tokio::time::timeout(self.limits.timeout, self.exchange(client, ask))
            .await
            .unwrap_or_else(|_| Err(self.timeout()))
    }

    /// Waits until the next request may be sent, which is no fault of the server.
    async fn turn(&self) {
        if let Some(qps) = self.limits.qps {
            self.pace.turn(qps).await;
        }
    }

    /// The server did not answer in time.
    pub(super) fn timeout(&self) -> RequestError {
        RequestError::Timeout {
            server: self.target.server_url.clone(),
            after: self.limits.timeout,
        }
    }

    /// Counts bytes that came.
    pub(super) fn count(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    async fn exchange(&self, client: &Client, ask: &Ask) -> Result<Answer, RequestError> {
        let body = self.open(client, ask).await?;
        Ok(Answer {
            path: ask.path.clone(),
            body: self.read(body, &ask.path).await?,
        })
    }

    /// Sends a request and takes the head of the answer; anything but success is an error.
    async fn open(&self, client: &Client, ask: &Ask) -> Result<Body, RequestError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(&ask.path)
            .header(ACCEPT, ask.accept);
        if let Some((form, _)) = &ask.body {
            request = request.header(CONTENT_TYPE, *form);
        }
        let body = ask
            .body
            .as_ref()
            .map(|(_, body)| body.clone())
            .unwrap_or_default();
        let request = request
            .body(Body::from(body))
            .map_err(|error| RequestError::Malformed {
                what: ask.path.clone(),
                why: error.to_string(),
            })?;
        let response = client
            .send(request)
            .await
            .map_err(|error| self.cause(&error))?;
        let (head, body) = response.into_parts();
        if head.status.is_success() {
            return Ok(body);
        }
        let body = self.read(body, &ask.path).await;
        let retry_after = head.headers.get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        // What a refusal says is a courtesy: one that breaks off refuses all the same.
        let refusal = Refusal::read(
            head.status.as_u16(),
            retry_after.map(Duration::from_secs),
            &body.unwrap_or_default(),
        );
        Err(RequestError::Refused(Box::new(refusal)))
    }

    /// Sends one request whose answer goes on: lines as they come.
    pub(crate) async fn stream(self: &Arc<Self>, ask: &Ask) -> Result<Lines, RequestError> {
        let opened = self.stream_with(ask, Fresh::IfStale).await;
        if self.may_renew(&opened) {
            return self.stream_with(ask, Fresh::Always).await;
        }
        opened
    }

    async fn stream_with(self: &Arc<Self>, ask: &Ask, fresh: Fresh) -> Result<Lines, RequestError> {
        let ready = self.ready(fresh).await?;
        let (client, seat) = self.apart(move || ready.clients.long()).await?;
        let (body, _) = self.open_in_time(&client, ask).await?;
        Ok(Lines::new(self.clone(), ask.path.clone(), body, seat))
    }

    /// Sends one request whose answer is read piece by piece.
    pub(crate) async fn frames(self: &Arc<Self>, ask: &Ask) -> Result<Frames, RequestError> {
        let ready = self.ready(Fresh::IfStale).await?;
        let mut opened = self.open_in_time(ready.clients.short(), ask).await;
        if self.may_renew(&opened) {
            let ready = self.ready(Fresh::Always).await?;
            opened = self.open_in_time(ready.clients.short(), ask).await;
        }
        let (body, left) = opened?;
        Ok(Frames::new(self.clone(), &ask.path, body, left))
    }

    /// Whether a plugin may have kept a token longer than the server does.
    fn may_renew<T>(&self, result: &Result<T, RequestError>) -> bool {
        let refused = matches!(result, Err(error) if error.code() == Some(401));
        refused && self.target.exec.is_some()
    }

    async fn open_in_time(
        &self,
        client: &Client,
        ask: &Ask,
    ) -> Result<(Body, Duration), RequestError> {
        self.turn().await;
        let begun = Instant::now();
        let opening = self.open(client, ask);
        let opened = tokio::time::timeout(self.limits.timeout, opening).await;
        let body = opened.unwrap_or_else(|_| Err(self.timeout()))?;
        Ok((body, self.limits.timeout.saturating_sub(begun.elapsed())))
    }

    /// Bytes of one answer, or of one line of a stream, that are held at most.
    pub(super) fn largest(&self) -> usize {
        self.limits.bytes
    }

    async fn read(&self, mut body: Body, path: &str) -> Result<Bytes, RequestError> {
        let mut whole = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.cause(&error))?;
            let Some(data) = frame.data_ref() else {
                continue;
            };
            if whole.len() + data.len() > self.limits.bytes {
                return Err(RequestError::TooLarge {
                    what: path.to_owned(),
                    limit: self.limits.bytes,
                });
            }
            whole.extend_from_slice(data);
        }
        self.count(whole.len());
        Ok(whole.into())
    }

    pub(super) fn cause(&self, error: &kube::Error) -> RequestError {
        cause::of_request(error, &self.target.server_url, self.limits.timeout)
    }
}

/// The client takes a token file as it is, and a line break at its end makes no header. Such a token is read here; a
/// refused one is read again with the next client.
fn trim_token(auth: &mut AuthInfo) {
    let Some(file) = auth.token_file.as_ref().filter(|_| auth.token.is_none()) else {
        return;
    };
    // One that cannot be read is explained by the client.
    if let Ok(text) = std::fs::read_to_string(file)
        && text.trim() != text
    {
        auth.token = Some(text.trim().to_owned().into());
        auth.token_file = None;
    }
}
