//! The HTTP client: HTTP/2 where the server offers it, HTTP/1.1 elsewhere and through proxies.
//!
//! Many lists and watches share one connection, but not any number of them: a server takes so many streams a
//! connection, and one more would wait for another to end, which a watch does not.
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{Body, ClientBuilder, ConfigExt as _};
use kube::{Client, Config};
use tower::ServiceBuilder;
use tower_http::decompression::DecompressionLayer;

/// Streams of one connection that go on for long; servers allow a hundred and more.
const SEATS: usize = 64;
/// What a server may send ahead of a reader: for each stream, and for the whole connection. The second is more than the
/// lists that are read at once can take, so that a list which waits for its reader does not hold up a watch.
const WINDOWS: (u32, u32) = (1 << 20, 16 << 20);
/// A connection is asked for a sign of life after so much silence, and given up without one.
const ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));

/// Clients with the same credentials.
#[derive(Clone)]
pub(super) struct Clients {
    config: Arc<Config>,
    first: Client,
    /// For answers that go on.
    more: Arc<Mutex<Vec<(Client, Seats)>>>,
}

/// Held as long as an answer goes on.
pub(super) struct Seat {
    _held: Arc<()>,
}

/// As many as are held, and one.
type Seats = Arc<()>;

impl Clients {
    /// Reads what the configuration names, so it must run where that may block, inside a runtime.
    pub(super) fn new(config: Config) -> kube::Result<Self> {
        Ok(Self {
            first: build(&config)?,
            config: Arc::new(config),
            more: Arc::default(),
        })
    }

    /// The client for what is over soon.
    pub(super) fn short(&self) -> &Client {
        &self.first
    }

    /// A client for an answer that goes on, whose connection has room for it; as [`Self::new`] where there is none yet.
    pub(super) fn long(&self) -> kube::Result<(Client, Seat)> {
        let mut more = self.more.lock().unwrap_or_else(PoisonError::into_inner);
        let free = |(_, seats): &&(Client, Seats)| Arc::strong_count(seats) <= SEATS;
        if let Some((client, seats)) = more.iter().find(free) {
            let seat = Seat {
                _held: seats.clone(),
            };
            return Ok((client.clone(), seat));
        }
        let (client, seats) = (build(&self.config)?, Arc::new(()));
        more.push((client.clone(), seats.clone()));
        Ok((client, Seat { _held: seats }))
    }
}

/// The client that `kube` would build, but for the protocols it offers.
fn build(config: &Config) -> kube::Result<Client> {
    if config.proxy_url.is_some() {
        return Client::try_from(config.clone());
    }
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    let mut tls = HttpsConnectorBuilder::new()
        .with_tls_config(config.rustls_client_config()?)
        .https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = name.clone().try_into();
        let name = name.map_err(|error| kube::Error::Service(Box::new(error)))?;
        tls = tls.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let mut connector = TimeoutConnector::new(tls.enable_all_versions().wrap_connector(connector));
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    connector.set_write_timeout(config.write_timeout);
    let http: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .http2_initial_stream_window_size(WINDOWS.0)
        .http2_initial_connection_window_size(WINDOWS.1)
        .http2_keep_alive_interval(ALIVE.0)
        .http2_keep_alive_timeout(ALIVE.1)
        .build(connector);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(DecompressionLayer::new().gzip(!config.disable_compression))
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(tower::BoxError::from)
        .service(http);
    Ok(ClientBuilder::new(service, config.default_namespace.clone()).build())
}
