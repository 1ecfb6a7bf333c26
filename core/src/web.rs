//! Requests to other web servers, as `http` and `https` ask for them. One client per kind of trust, made when it is needed.
use std::error::Error as _;
use std::io::Write as _;
use std::sync::OnceLock;

use async_trait::async_trait;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::{Client, Method, Url};
use stocktake_command::{Encoding, Trust, Web, WebRequest};

use crate::core::Core;

static CAREFUL: OnceLock<Client> = OnceLock::new();
static TRUSTING: OnceLock<Client> = OnceLock::new();

#[async_trait]
impl Web for Core {
    async fn request(&self, request: &WebRequest) -> Result<u16, String> {
        let mut url = Url::parse(&request.url).map_err(|why| why.to_string())?;
        if !request.parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.parameters);
        }
        let method =
            Method::from_bytes(request.method.as_bytes()).map_err(|why| why.to_string())?;
        let mut building = client(request.trust)?
            .request(method, url)
            .timeout(request.timeout);
        if let Some((user, password)) = &request.login {
            building = building.basic_auth(user, Some(password));
        }
        if let Some((body, media_type)) = &request.body {
            // A header that was typed counts.
            let typed = |name: &str| {
                (request.headers.iter()).any(|(header, _)| header.eq_ignore_ascii_case(name))
            };
            if !typed("content-type") {
                building = building.header("content-type", *media_type);
            }
            building = match request.encoding {
                Encoding::Plain => building.body(body.clone()),
                Encoding::Gzip => building
                    .header("content-encoding", "gzip")
                    .body(gzipped(body)),
            };
        }
        for (name, value) in &request.headers {
            building = building.header(name, value);
        }
        let answer = building.send().await.map_err(|error| told(&error))?;
        Ok(answer.status().as_u16())
    }
}

fn client(trust: Trust) -> Result<Client, String> {
    let (place, everybody) = match trust {
        Trust::Authorities => (&CAREFUL, false),
        Trust::Everybody => (&TRUSTING, true),
    };
    if let Some(client) = place.get() {
        return Ok(client.clone());
    }
    // Somebody else may have done it, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let made = Client::builder()
        .user_agent(concat!("stocktake/", env!("CARGO_PKG_VERSION")))
        .tls_danger_accept_invalid_certs(everybody)
        .build()
        .map_err(|error| told(&error))?;
    Ok(place.get_or_init(|| made).clone())
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(text.as_bytes());
    written
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
}

/// The error and what caused it: the outermost one says little.
fn told(error: &reqwest::Error) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        next = cause.source();
    }
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    match causes.last() {
        Some(last) => format!("the request failed: {last}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use axum::body::Bytes;
    use axum::http::{HeaderMap, StatusCode, Uri};
    use tokio::sync::Mutex;

    use super::*;
    use crate::{Options, Schedule};

    type Heard = Arc<Mutex<Vec<String>>>;

    async fn server(heard: Heard) -> String {
        let answer =
            async move |method: axum::http::Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                let name = |name: &str| {
                    headers
                        .get(name)
                        .map_or("-", |value| value.to_str().unwrap())
                        .to_owned()
                };
                let (sort, auth) = (name("content-type"), name("authorization"));
                let body = if name("content-encoding") == "gzip" {
                    let mut text = String::new();
                    let mut decoder = flate2::read::GzDecoder::new(&body[..]);
                    std::io::Read::read_to_string(&mut decoder, &mut text).unwrap();
                    text
                } else {
                    String::from_utf8(body.to_vec()).unwrap()
                };
                heard.lock().await.push(format!(
                    "{method} {uri} {sort} {auth} {} {body}",
                    name("x-source")
                ));
                StatusCode::ACCEPTED
            };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = axum::Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }

    fn request(url: String) -> WebRequest {
        WebRequest {
            method: "POST".into(),
            url,
            parameters: vec![("at".into(), "a b".into())],
            headers: vec![("x-source".into(), "test".into())],
            login: None,
            body: Some(("{\"a\":1}".into(), "application/json")),
            encoding: Encoding::Plain,
            trust: Trust::Authorities,
            timeout: Duration::from_secs(20),
        }
    }

    async fn core(directory: &tempfile::TempDir) -> Core {
        let options = Options {
            data_dir: directory.path().to_owned(),
            contexts: Vec::new(),
            schedule: Schedule::Ignore,
        };
        Core::open(options).await.unwrap()
    }

    #[tokio::test]
    async fn a_request_arrives_as_it_was_meant() {
        let directory = tempfile::tempdir().unwrap();
        let core = core(&directory).await;
        let heard = Heard::default();
        let url = server(heard.clone()).await;
        assert_eq!(
            core.request(&request(format!("{url}/a?b=1"))).await,
            Ok(202)
        );
        let compressed = WebRequest {
            encoding: Encoding::Gzip,
            method: "PUT".into(),
            login: Some(("ada".into(), "secret".into())),
            ..request(url.clone())
        };
        assert_eq!(core.request(&compressed).await, Ok(202));
        let bare = WebRequest {
            body: None,
            method: "GET".into(),
            parameters: Vec::new(),
            ..request(url)
        };
        assert_eq!(core.request(&bare).await, Ok(202));
        assert_eq!(
            *heard.lock().await,
            [
                "POST /a?b=1&at=a+b application/json - test {\"a\":1}",
                "PUT /?at=a+b application/json Basic YWRhOnNlY3JldA== test {\"a\":1}",
                "GET / - - test ",
            ]
        );
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let core = core(&directory).await;
        // A port that was free a moment ago.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let error = core.request(&request(url)).await.unwrap_err();
        assert!(error.contains("refused"), "{error}");
        let error = core.request(&request("http://".into())).await.unwrap_err();
        assert!(error.contains("host"), "{error}");
    }
}
