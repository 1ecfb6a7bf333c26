//! What a caller decides about a simulated cluster before it starts, and why a start can fail.
//!
//! What can be changed while it runs is on the handle (`Sim`).

use std::net::SocketAddr;
use std::time::Duration;

use crate::auth::User;
use crate::clock::Clock;

/// How a simulated cluster behaves. The default is a 1.36 with one user `admin` who may do everything.
#[derive(Debug, Clone)]
pub struct SimOptions {
    /// Who may knock, and what they may do. Names must be unique.
    pub users: Vec<User>,
    /// What `/version` says.
    pub version: Version,
    /// Where `creationTimestamp`s and ages come from.
    pub clock: Clock,
    /// Whether the aggregated form of discovery is served.
    pub aggregated_discovery: AggregatedDiscovery,
    /// When garbage collector and workload controllers act.
    pub controllers: Controllers,
    /// How long a deleted pod stays.
    pub pod_termination: PodTermination,
    /// Where generated uids and names come from; the same seed gives the same ones.
    pub seed: u64,
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Time between two bookmarks of a watch in which nothing happens.
    pub bookmarks: Duration,
    /// What it speaks.
    pub protocols: Protocols,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            users: vec![User::admin()],
            version: Version::default(),
            clock: Clock::default(),
            aggregated_discovery: AggregatedDiscovery::On,
            controllers: Controllers::AtOnce,
            pod_termination: PodTermination::Immediate,
            seed: 0,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            bookmarks: Duration::from_mins(1),
            protocols: Protocols::default(),
        }
    }
}

/// The version a server says it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// E.g., `1`.
    pub major: String,
    /// E.g., `36`, or `29+` with some providers.
    pub minor: String,
    /// E.g., `v1.36.1`, or `v1.29.3-gke.1`.
    pub git_version: String,
    /// E.g., `linux/amd64`.
    pub platform: String,
}

impl Default for Version {
    fn default() -> Self {
        let text = ToOwned::to_owned;
        Self {
            major: text("1"),
            minor: text("36"),
            git_version: text("v1.36.1"),
            platform: text("linux/amd64"),
        }
    }
}

/// What a server speaks, as it is agreed upon with TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocols {
    /// HTTP/2, and HTTP/1.1 to those who cannot.
    #[default]
    Both,
    /// HTTP/1.1 only, as behind some load balancers.
    Http1,
}

/// Whether `/api` and `/apis` know the aggregated form of discovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AggregatedDiscovery {
    /// As since Kubernetes 1.26.
    #[default]
    On,
    /// As before: a client has to ask group by group.
    Off,
}

/// When the controllers do what a change asks of them: replace pods, collect dependants, empty namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Controllers {
    /// Before the next request is answered.
    #[default]
    AtOnce,
    /// When `Sim::settle` is called; until then the cluster shows the state in between.
    ByHand,
}

/// How long a deleted pod that runs on a node is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PodTermination {
    /// It is gone by the next request, whatever its grace period says.
    #[default]
    Immediate,
    /// It is gone once the clock has passed its `deletionTimestamp`.
    Graceful,
}

/// Why a simulated cluster did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// An object of a kind that is neither built in nor defined by one of the CRDs.
    #[error(
        "nothing serves kind `{kind}` of `{api_version}`; add its CustomResourceDefinition to the objects"
    )]
    UnknownKind {
        /// Its `apiVersion`.
        api_version: String,
        /// Its `kind`.
        kind: String,
    },
    /// An object without a name, or with a namespace where its kind has none, or the other way round.
    #[error(
        "a `{kind}` needs a name, and a namespace exactly when its kind is namespaced: {object}"
    )]
    Unnamed {
        /// Its kind.
        kind: String,
        /// The object as JSON.
        object: String,
    },
    /// The address could not be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A certificate could not be made.
    #[error("cannot make the certificates of the simulator")]
    Certificate(#[from] rcgen::Error),
    /// The TLS configuration was refused.
    #[error("cannot set up TLS")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A credential was asked for that no user has.
    #[error("there is no user `{name}` with such a credential; add one to `SimOptions::users`")]
    NoSuchCredential {
        /// The user's name.
        name: String,
    },
}
