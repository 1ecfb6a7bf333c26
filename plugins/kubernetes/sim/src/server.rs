//! The front door: TLS, HTTP/1.1 and HTTP/2, credentials, faults, the log of requests.
//!
//! What the answers say is decided in `api`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::{Extensions, HeaderMap, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceBuilder;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate as _, SizeAbove};

use crate::api::{Api, Call, Reply, namespace_of};
use crate::auth::{ANONYMOUS, Permissions, User};
use crate::faults::{Asked, Effect, Faults};
use crate::list::continue_of;
use crate::request::{Query, Route, verb};
use crate::status::Status;
use crate::stream::{self as watch_stream, Streamed};
use crate::tls::Authority;
use crate::watch::Watch;

/// The largest body a request may have; what a real server takes.
const BODY_LIMIT: usize = 3 * 1024 * 1024;
/// Answers above this size are compressed for clients that can read it.
const COMPRESS_ABOVE: u64 = 128 * 1024;
/// How many requests are remembered.
const LOG_LIMIT: usize = 100_000;

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// One request as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLog {
    /// E.g., `GET`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// As it was sent; empty when there was none.
    pub query: String,
    /// Who asked; `system:anonymous` without credentials, empty when they were wrong.
    pub user: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The HTTP status of the answer; 0 for one that hangs.
    pub status: u16,
    /// What was spoken, e.g., `HTTP/2.0`.
    pub protocol: String,
    /// Number of the connection it came over, counted from 1.
    pub connection: u64,
}

/// Everything the connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) api: Api,
    pub(crate) users: RwLock<Vec<User>>,
    pub(crate) faults: Faults,
    pub(crate) log: Mutex<VecDeque<RequestLog>>,
    pub(crate) authority: Authority,
    /// Time between two bookmarks of a quiet watch.
    pub(crate) bookmarks: Duration,
    /// How often all watches were cut.
    pub(crate) cuts: watch::Sender<u64>,
    /// How many connections there were.
    pub(crate) connections: AtomicU64,
}

/// Who is at the other end of a connection.
#[derive(Clone)]
struct Peer {
    /// Whom its certificate names.
    owner: Option<String>,
    /// Its number.
    connection: u64,
}

/// Accepts connections until it is dropped; its connections end with it.
pub(crate) async fn serve(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
                    connections.spawn(connection(stream, acceptor, shared));
                }
                Err(why) => {
                    // Out of file descriptors, as a rule: go on when another connection is closed.
                    tracing::warn!(%why, "could not accept a connection");
                    tokio::task::yield_now().await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    // Whether it can be set changes nothing but the speed.
    let _ = stream.set_nodelay(true);
    let stream = match acceptor.accept(stream).await {
        Ok(stream) => stream,
        Err(why) => {
            tracing::debug!(%why, "a client did not get through TLS");
            return;
        }
    };
    let certificates = stream.get_ref().1.peer_certificates();
    let certificate = certificates.and_then(|chain| chain.first());
    let peer = Peer {
        owner: certificate.and_then(|certificate| shared.authority.owner(certificate)),
        connection: 1 + shared.connections.fetch_add(1, Ordering::Relaxed),
    };
    let compression = CompressionLayer::new()
        .gzip(true)
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(COMPRESS_ABOVE).and(is_whole));
    let service = ServiceBuilder::new()
        .layer(compression)
        .service_fn(move |request| {
            let (shared, peer) = (Arc::clone(&shared), peer.clone());
            async move { Ok::<_, Infallible>(handle(request, &shared, peer).await) }
        });
    let server = auto::Builder::new(TokioExecutor::new());
    let ended = server
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .await;
    if let Err(why) = ended {
        tracing::debug!(%why, "a connection broke off");
    }
}

/// A watch is not compressed: its lines would wait in the compressor.
fn is_whole(_: StatusCode, _: http::Version, _: &HeaderMap, marks: &Extensions) -> bool {
    marks.get::<Streamed>().is_none()
}

async fn handle(
    request: Request<Incoming>,
    shared: &Arc<Shared>,
    Peer { owner, connection }: Peer,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let text = |name| header_text(&parts.headers, name);
    let query = parts.uri.query().unwrap_or_default();
    let mut seen = RequestLog {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: query.to_owned(),
        user: String::new(),
        user_agent: text(header::USER_AGENT).unwrap_or_default(),
        status: 0,
        protocol: format!("{:?}", parts.version),
        connection,
    };
    let Some((user, permissions)) = shared.authenticate(&parts.headers, owner) else {
        return shared.finish(seen, Status::unauthorized().into(), None);
    };
    seen.user.clone_from(&user);
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        let reply = Reply::text(413, "Request entity too large: limit is 3145728\n");
        return shared.finish(seen, reply, None);
    };
    let call = Call {
        route: Route::parse(parts.uri.path()),
        path: seen.path.clone(),
        query: Query::parse(query),
        user,
        permissions,
        accept: text(header::ACCEPT),
        content_type: text(header::CONTENT_TYPE),
        user_agent: seen.user_agent.clone(),
        body: body.to_bytes().to_vec(),
        method: parts.method,
    };
    shared.reply(&call, seen).await
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

impl Shared {
    /// Answers a call, unless a fault does.
    async fn reply(self: &Arc<Self>, call: &Call, seen: RequestLog) -> Response<Body> {
        let effect = self.strike(call);
        match effect {
            Some(Effect::Hang) => {
                self.remember(seen);
                return std::future::pending().await;
            }
            Some(Effect::Delay(time)) => tokio::time::sleep(time).await,
            _ => {}
        }
        let reply = effect.as_ref().and_then(|effect| self.refuse(call, effect));
        let reply = reply.unwrap_or_else(|| match self.api.begin_watch(call) {
            Ok(Some(watch)) => Reply {
                watch: Some(Box::new(watch)),
                ..Reply::json(200, Vec::new())
            },
            Ok(None) => self.api.answer(call),
            Err(status) => status.into(),
        });
        self.finish(seen, reply, effect.as_ref())
    }

    /// A body that goes on for as long as the watch does.
    fn follow(self: &Arc<Self>, watch: Watch, effect: Option<&Effect>) -> Body {
        let cut_after = match effect {
            Some(Effect::CutBody { after_bytes }) => Some(*after_bytes),
            _ => None,
        };
        let frames = watch_stream::frames(Arc::clone(self), watch, cut_after);
        StreamBody::new(frames).boxed_unsync()
    }

    /// Who asks; `None` when the credentials are wrong.
    fn authenticate(
        &self,
        headers: &HeaderMap,
        owner: Option<String>,
    ) -> Option<(String, Permissions)> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let authorization = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
        let known = |user: &User| (user.name.clone(), user.permissions.clone());
        if let Some(token) = token {
            return users
                .iter()
                .find(|user| user.token.as_deref() == Some(token.trim()))
                .map(known);
        }
        let owner = owner.unwrap_or_else(|| ANONYMOUS.to_owned());
        let user = users.iter().find(|user| user.name == owner).map(known);
        Some(user.unwrap_or((owner, Permissions::none())))
    }

    fn strike(&self, call: &Call) -> Option<Effect> {
        if self.faults.left() == 0 {
            return None;
        }
        let Route::Resource(target) = &call.route else {
            return self.faults.strike(&Asked {
                verb: "get",
                group: None,
                resource: &call.path,
                namespace: None,
                page: None,
                continues: false,
                dry_run: false,
            });
        };
        let verb = verb(&call.method, target, &call.query);
        let page = (verb == "list" && self.faults.count_pages()).then(|| {
            let world = self.api.read();
            let resource =
                world
                    .catalog
                    .resource(&target.group, &target.version, &target.plural)?;
            world.page_number(resource, namespace_of(resource, target), &call.query)
        });
        self.faults.strike(&Asked {
            verb,
            group: Some(&target.group),
            resource: &target.plural,
            namespace: target.namespace.as_deref(),
            page: page.flatten(),
            continues: verb == "list" && call.query.get("continue").is_some(),
            dry_run: call.is_dry_run(),
        })
    }

    /// The answer of a fault that keeps the request from being served.
    fn refuse(&self, call: &Call, effect: &Effect) -> Option<Reply> {
        match effect {
            Effect::Status(code) => Some(Status::on_demand(*code).into()),
            Effect::Denied { webhook, why } => Some(Status::denied(webhook, why).into()),
            Effect::NoDryRun { webhook } => Some(Status::no_dry_run(webhook).into()),
            Effect::TooManyRequests { retry_after_secs } => {
                let mut reply = Reply::text(429, "Too many requests, please try again later.\n");
                reply
                    .headers
                    .push(("retry-after", retry_after_secs.to_string()));
                Some(reply)
            }
            Effect::ExpireContinue => {
                let Route::Resource(target) = &call.route else {
                    return None;
                };
                let world = self.api.read();
                let resource =
                    world
                        .catalog
                        .resource(&target.group, &target.version, &target.plural)?;
                let token = continue_of(resource, &call.query).ok()??;
                Some(Status::expired_continue(token.unversioned().encode()).into())
            }
            _ => None,
        }
    }

    fn remember(&self, seen: RequestLog) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == LOG_LIMIT {
            log.pop_front();
        }
        log.push_back(seen);
    }

    fn finish(
        self: &Arc<Self>,
        mut seen: RequestLog,
        mut reply: Reply,
        effect: Option<&Effect>,
    ) -> Response<Body> {
        seen.status = reply.code;
        self.remember(seen);
        let watch = reply.watch.take();
        let is_streamed = watch.is_some();
        let mut body = watch.map(|watch| self.follow(*watch, effect));
        match effect {
            _ if is_streamed => {}
            Some(Effect::CutBody { after_bytes }) => {
                body = Some(cut_body(std::mem::take(&mut reply.body), *after_bytes));
            }
            Some(Effect::MalformedJson) => {
                let half = reply.body.len() / 2;
                reply.body.truncate(half);
            }
            Some(Effect::MalformedObject) => reply.body = without_metadata(&reply.body),
            _ => {}
        }
        let mut response = Response::builder()
            .status(reply.code)
            .header(header::CONTENT_TYPE, reply.content_type)
            .header(header::CACHE_CONTROL, "no-cache, private");
        for (name, value) in reply.headers {
            response = response.header(name, value);
        }
        let whole = |bytes: Vec<u8>| {
            Full::new(Bytes::from(bytes))
                .map_err(|never: Infallible| match never {})
                .boxed_unsync()
        };
        let body = body.unwrap_or_else(|| whole(reply.body));
        if is_streamed {
            response = response.extension(Streamed);
        }
        response
            .body(body)
            .expect("codes and header values come from fixed sets")
    }
}

/// A body that breaks off with an error, which resets the stream.
fn cut_body(mut bytes: Vec<u8>, after: usize) -> Body {
    bytes.truncate(after);
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut on demand");
    let frames = [Ok(Frame::data(Bytes::from(bytes))), Err(broken)];
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}

/// The same body with the first item's (or the object's own) metadata taken out.
fn without_metadata(body: &[u8]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(body) else {
        return body.to_vec();
    };
    let object = if value["items"].is_array() {
        value.pointer_mut("/items/0")
    } else if value["rows"].is_array() {
        value.pointer_mut("/rows/0/object")
    } else {
        Some(&mut value)
    };
    if let Some(fields) = object.and_then(serde_json::Value::as_object_mut) {
        fields.remove("metadata");
    }
    value.to_string().into_bytes()
}
