//! The handle of a running simulator: where it is, what it holds, what it has seen.
//!
//! The simulator stops when the handle is dropped.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockWriteGuard};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::api::Api;
use crate::auth::{Permissions, User};
use crate::convert;
use crate::faults::Faults;
use crate::kubeconfig::{self, Login};
use crate::options::{SimError, SimOptions};
use crate::server::{RequestLog, Shared, serve};
use crate::tls::Authority;
use crate::world::{Settings, World};

/// How a kubeconfig logs a user in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    /// With the bearer token of this user.
    Token(&'a str),
    /// With a client certificate made for this user.
    ClientCertificate(&'a str),
}

/// A running simulator.
#[derive(Debug)]
pub struct Sim {
    shared: Arc<Shared>,
    address: SocketAddr,
    ca_pem: String,
    task: JoinHandle<()>,
}

impl Sim {
    /// Starts a cluster that holds `objects`, complete Kubernetes JSON each. What they lack of uid and
    /// creation time is filled in; a CRD makes its custom resources servable wherever it stands.
    ///
    /// # Errors
    /// An object of a kind nothing serves or without a name; an address that is taken.
    pub async fn start(
        objects: impl IntoIterator<Item = Value>,
        options: SimOptions,
    ) -> Result<Self, SimError> {
        let world = World::load(
            objects,
            Settings {
                clock: options.clock,
                controllers: options.controllers,
                pod_termination: options.pod_termination,
                seed: options.seed,
            },
        )?;
        let listen = |source| SimError::Listen {
            address: options.address,
            source,
        };
        let listener = TcpListener::bind(options.address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let authority = Authority::new()?;
        let acceptor =
            TlsAcceptor::from(Arc::new(authority.server(address.ip(), options.protocols)?));
        let ca_pem = authority.pem();
        let shared = Arc::new(Shared {
            api: Api::new(
                world,
                options.version,
                options.aggregated_discovery,
                address.to_string(),
            ),
            users: RwLock::new(options.users),
            faults: Faults::default(),
            log: Mutex::new(VecDeque::new()),
            authority,
            bookmarks: options.bookmarks,
            cuts: watch::Sender::new(0),
            connections: AtomicU64::new(0),
        });
        let task = tokio::spawn(serve(listener, acceptor, Arc::clone(&shared)));
        Ok(Self {
            shared,
            address,
            ca_pem,
            task,
        })
    }

    /// E.g., `https://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate that signed the server's, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A kubeconfig with one context, named `context`, everything embedded.
    ///
    /// # Errors
    /// A user that does not exist, or has no token where one is asked for.
    pub fn kubeconfig(&self, context: &str, credential: Credential<'_>) -> Result<Value, SimError> {
        let users = self
            .shared
            .users
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let (Credential::Token(name) | Credential::ClientCertificate(name)) = credential;
        let missing = || SimError::NoSuchCredential {
            name: name.to_owned(),
        };
        let user = users
            .iter()
            .find(|user| user.name == name)
            .ok_or_else(missing)?;
        let login = match credential {
            Credential::Token(_) => Login::Token(user.token.clone().ok_or_else(missing)?),
            Credential::ClientCertificate(_) => {
                Login::Certificate(self.shared.authority.client(name)?)
            }
        };
        Ok(kubeconfig::document(
            context,
            &self.url(),
            &self.ca_pem,
            &login,
        ))
    }

    /// The faults, to add and remove while it runs.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The object as it is now, without `kind` and `apiVersion`; in its preferred version.
    pub fn object(
        &self,
        group: &str,
        plural: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Option<Value> {
        let world = self.shared.api.read();
        let resource = world.catalog.preferred(group, plural)?;
        let (_, found) = world
            .find(resource, namespace.unwrap_or_default(), name)
            .ok()?;
        Some(convert::from_storage(resource, found.to_value()))
    }

    /// How many objects of this resource there are, in all namespaces.
    pub fn count(&self, group: &str, plural: &str) -> usize {
        let world = self.shared.api.read();
        let collection = world.store.find_collection(group, plural);
        collection.map_or(0, |collection| world.store.len(collection))
    }

    /// The names of all objects of this resource, of one namespace or of all, in the server's order.
    pub fn names(&self, group: &str, plural: &str, namespace: Option<&str>) -> Vec<String> {
        let world = self.shared.api.read();
        let collection = world.store.find_collection(group, plural);
        collection.map_or_else(Vec::new, |collection| {
            world.store.names(collection, namespace)
        })
    }

    /// Breaks the connection of every watch that runs now.
    pub fn cut_watches(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Forgets past versions: lists and watches from before now get 410.
    pub fn compact(&self) {
        self.shared.api.write().store.compact();
    }

    /// The requests so far, oldest first; the last 100,000 are kept.
    pub fn requests(&self) -> Vec<RequestLog> {
        let log = self
            .shared
            .log
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        log.iter().cloned().collect()
    }

    /// Sets what a user may do from now on; a name nobody had yet becomes a user without a token.
    pub fn set_permissions(&self, name: &str, permissions: Permissions) {
        let mut users = self
            .shared
            .users
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match users.iter_mut().find(|user| user.name == name) {
            Some(user) => user.permissions = permissions,
            None => users.push(User {
                name: name.to_owned(),
                token: None,
                permissions,
            }),
        }
    }

    /// The cluster, to change it past the front door.
    pub(crate) fn world(&self) -> RwLockWriteGuard<'_, World> {
        self.shared.api.write()
    }

    /// Lets the controllers do what is left for them; only needed with `Controllers::ByHand`.
    pub fn settle(&self) {
        self.shared.api.write().settle();
    }

    /// Stops and waits until the address is free again.
    pub async fn stop(mut self) {
        self.task.abort();
        // It was cancelled just now; how it ended does not matter.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.task.abort();
    }
}
