//! How a request reaches the core.
use std::convert::Infallible;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt as _};

use crate::ClientError;

/// A body on its way in either direction.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// Why a body broke off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BodyError(pub(crate) String);

impl BodyError {
    fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into().to_string())
    }
}

type Boxed = BoxCloneSyncService<Request<Body>, Response<Body>, ClientError>;

/// How a request reaches the core: cheap to clone.
#[derive(Clone)]
pub struct Transport {
    service: Boxed,
    /// What people are told they are connected to.
    address: String,
    /// Whether requests stay in this process.
    is_local: bool,
}

impl Transport {
    /// Straight into a router in this process.
    pub fn in_process<S, B>(router: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let service = tower::service_fn(move |request: Request<Body>| {
            let router = router.clone();
            async move {
                let response = match router.oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                Ok(response.map(|body| body.map_err(BodyError::new).boxed_unsync()))
            }
        });
        Self {
            service: Boxed::new(service),
            address: "this process".to_owned(),
            is_local: true,
        }
    }

    /// Over a Unix socket; every request is a connection of its own, so a long answer blocks nobody.
    pub fn unix(socket: &Path) -> Self {
        let path = socket.to_owned();
        let service = tower::service_fn(move |request| send_unix(path.clone(), request));
        Self {
            service: Boxed::new(service),
            address: socket.display().to_string(),
            is_local: false,
        }
    }

    /// What people are told they are connected to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whether requests stay in this process: then they may carry values.
    pub(crate) fn is_local(&self) -> bool {
        self.is_local
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Result<Response<Body>, ClientError> {
        self.service.clone().oneshot(request).await
    }
}

fn send_unix(
    path: PathBuf,
    request: Request<Body>,
) -> BoxFuture<'static, Result<Response<Body>, ClientError>> {
    Box::pin(async move {
        let connect = |error: std::io::Error| ClientError::Connect {
            address: path.display().to_string(),
            message: error.to_string(),
        };
        let stream = UnixStream::connect(&path).await.map_err(connect)?;
        let broken = |error: hyper::Error| ClientError::Broken(error.to_string());
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        tokio::spawn(async move {
            // The answer's body reports a connection that breaks; there is nobody else to tell.
            let _ = connection.await;
        });
        let response = sender.send_request(request).await.map_err(broken)?;
        Ok(response.map(|body| body.map_err(BodyError::new).boxed_unsync()))
    })
}
