//! What `http` needs of the world: somebody who sends a request.
use std::time::Duration;

use async_trait::async_trait;

/// Whoever sends requests.
#[async_trait]
pub trait Web: Send + Sync {
    /// Sends one request, once, and gives back the status of the answer.
    ///
    /// An error means that no answer came in time, and says why.
    async fn request(&self, request: &WebRequest) -> Result<u16, String>;
}

/// A request to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebRequest {
    /// The method, in upper case.
    pub method: String,
    /// Where to: `http` or `https`, with everything that was said.
    pub url: String,
    /// Parameters that are added to those of the URL.
    pub parameters: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// User and password.
    pub login: Option<(String, String)>,
    /// The body, and its media type.
    pub body: Option<(String, &'static str)>,
    /// How the body travels.
    pub encoding: Encoding,
    /// Which servers are believed.
    pub trust: Trust,
    /// Time until the answer has to be there.
    pub timeout: Duration,
}

/// How a body travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// As it is.
    #[default]
    Plain,
    /// Compressed with gzip.
    Gzip,
}

/// Which servers are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Those whose certificate an authority of the system vouches for.
    #[default]
    Authorities,
    /// Every one.
    Everybody,
}
