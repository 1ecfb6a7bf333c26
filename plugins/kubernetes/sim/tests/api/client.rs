//! A small HTTPS client for the tests: one connection per request, nothing retried, nothing followed.
//!
//! Not a Kubernetes client: what a real one makes of the answers is tested where that client is used.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value;
use stocktake_kubernetes_sim::Sim;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Talks to one simulator as one user.
pub(crate) struct Client {
    address: SocketAddr,
    tls: Arc<rustls::ClientConfig>,
    token: Option<String>,
}

/// A certificate and its key, both PEM.
pub(crate) type Pair<'a> = (&'a [u8], &'a [u8]);

impl Client {
    pub(crate) fn new(sim: &Sim, token: Option<&str>) -> Self {
        Self::with(sim, token, None, &[b"http/1.1"])
    }

    pub(crate) fn with(
        sim: &Sim,
        token: Option<&str>,
        certificate: Option<Pair<'_>>,
        protocols: &[&[u8]],
    ) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(sim.ca_pem().as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match certificate {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(key).unwrap();
                config.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Self {
            address: sim.url().trim_start_matches("https://").parse().unwrap(),
            tls: Arc::new(config),
            token: token.map(ToOwned::to_owned),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    pub(crate) async fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.send(Method::GET, path, &[("accept", accept)], "")
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.send(Method::POST, path, &headers, &body.to_string())
            .await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/merge-patch+json")];
        self.send(Method::PATCH, path, &headers, &body.to_string())
            .await
    }

    pub(crate) async fn delete(&self, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(
            Method::DELETE,
            path,
            &[("content-type", "application/json")],
            &body,
        )
        .await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.try_send(method, path, headers, body)
            .await
            .expect("an answer")
    }

    /// Sends a request that may find no answer.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("https://{}{path}", self.address))
            .header("host", self.address.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        self.exchange(request).await
    }

    /// Begins a watch.
    pub(crate) async fn watch(&self, path: &str, accept: &str) -> Events {
        let token = self.token.as_deref().unwrap_or_default();
        let request = Request::get(format!("https://{}{path}", self.address))
            .header("host", self.address.to_string())
            .header("accept", accept)
            .header("accept-encoding", "gzip")
            .header("authorization", format!("Bearer {token}"))
            .body(Full::new(Bytes::new()))
            .unwrap();
        let response = self.open(request).await.unwrap();
        assert_eq!(response.status(), 200);
        Events {
            body: response.into_body(),
            buffer: Vec::new(),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let response = self.open(request).await?;
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|why| format!("{why:?}"))?
            .to_bytes();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    }

    async fn open(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<http::Response<hyper::body::Incoming>, String> {
        let stream = TcpStream::connect(self.address)
            .await
            .map_err(|why| why.to_string())?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let name = ServerName::from(self.address.ip());
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(|why| why.to_string())?;
        Self::response(stream, request)
            .await
            .map_err(|why| format!("{why:?}"))
    }

    async fn response(
        stream: TlsStream<TcpStream>,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<http::Response<hyper::body::Incoming>> {
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                    .await?;
            tokio::spawn(connection);
            sender.send_request(request).await
        } else {
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            sender.send_request(request).await
        }
    }
}

/// A watch that goes on.
pub(crate) struct Events {
    body: hyper::body::Incoming,
    buffer: Vec<u8>,
}

impl Events {
    /// The next event; `None` at the end, an error where the connection breaks.
    pub(crate) async fn next(&mut self) -> Result<Option<Value>, String> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(end + 1);
                let line = std::mem::replace(&mut self.buffer, rest);
                return Ok(Some(serde_json::from_slice(&line).unwrap()));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(why)) => return Err(why.to_string()),
                Some(Ok(frame)) => self
                    .buffer
                    .extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new())),
            }
        }
    }

    /// The next event as `TYPE name version`.
    pub(crate) async fn told(&mut self) -> String {
        let event = self.next().await.unwrap().expect("an event");
        let metadata = &event["object"]["metadata"];
        let name = metadata["name"].as_str().unwrap_or("-");
        let version = metadata["resourceVersion"].as_str().unwrap_or("-");
        format!("{} {name} {version}", event["type"].as_str().unwrap())
    }
}
