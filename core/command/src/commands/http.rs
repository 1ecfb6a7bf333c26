//! `http` and `https`: hands each element to a web server.
use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use serde_json::Value;

use crate::scene::seconds;
use crate::show::scalar_text;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Encoding, Flow, Scene, Trust, WebRequest, Word};

/// Seconds until an answer has to be there.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Retries of a whole line.
const RETRIES: u32 = 3;
/// Wait before the first retry; doubled with each.
const BACKOFF: Duration = Duration::from_millis(500);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// Status counted for a request that nobody answered.
const UNANSWERED: u16 = 500;
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

static HTTP: Spec = Spec {
    name: "http",
    aliases: &[],
    about: "send each element to a web server, as JSON",
    usage: "[OPTIONS] [METHOD] URL [HEADER:VALUE]… [PARAMETER==VALUE]…",
    arguments: &[
        ("METHOD", "`POST` if it is left out"),
        ("URL", "`:8080/path` is this machine"),
        ("HEADER:VALUE", "a header of every request"),
        ("PARAMETER==VALUE", "a parameter added to the URL"),
        ("--auth USER:PASSWORD", "who asks"),
        (
            "--timeout SECONDS",
            "time until the answer has to be there; 30",
        ),
        (
            "--nr-of-retries N",
            "how often the line tries again in all; 3",
        ),
        (
            "--backoff-base SECONDS",
            "wait before the first retry, doubled with each; 0.5",
        ),
        ("--compress", "the body travels compressed with gzip"),
        ("--no-body", "no element is sent, one request for each"),
        ("--no-ssl-verify", "believe every certificate"),
    ],
    category: Category::Misc,
    input: Shape::Any,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "Tell somebody about every pod that crashes",
            line: "search is(kubernetes_pod) and pod_status.phase=Failed | http example.com/alerts",
            prints: "",
        },
        Example {
            about: "Many at once: a list per request",
            line: "search is(kubernetes_pod) | chunk 100 | http --compress PUT :8080/pods X-Source:stocktake",
            prints: "1 requests with status 200 sent.\n",
        },
        Example {
            about: "Only ring the bell, with a parameter",
            line: "json {} | http --no-body GET :8080/ring times==2",
            prints: "1 requests with status 200 sent.\n",
        },
    ],
};

static HTTPS: Spec = Spec {
    name: "https",
    about: "send each element to a web server, as JSON, over TLS",
    examples: &[
        Example {
            about: "Tell somebody about every volume that nobody uses",
            line: "search is(volume) and volume_status=available | https hooks.example.com/volumes",
            prints: "",
        },
        Example {
            about: "With a token",
            line: r#"search is(kubernetes_cluster) | https example.com/clusters "Authorization:Bearer 1234""#,
            prints: "",
        },
        Example {
            about: "A server with a certificate of its own making",
            line: "json {\"text\": \"done\"} | https --no-ssl-verify --auth ada:secret :8443/messages",
            prints: "1 requests with status 200 sent.\n",
        },
    ],
    ..HTTP
};

pub(super) struct Http;
pub(super) struct Https;

impl Command for Http {
    fn spec(&self) -> &'static Spec {
        &HTTP
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        Ok(Box::new(Ready::read("http", argument)?))
    }
}

impl Command for Https {
    fn spec(&self) -> &'static Spec {
        &HTTPS
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        Ok(Box::new(Ready::read("https", argument)?))
    }
}

/// Whether elements travel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Element,
    Nothing,
}

struct Ready {
    /// What all requests have in common.
    request: WebRequest,
    body: Body,
    retries: u32,
    backoff: Duration,
}

impl Ready {
    fn read(scheme: &str, argument: &Argument) -> Result<Self, CommandError> {
        let mut ready = Self {
            request: WebRequest {
                method: "POST".to_owned(),
                url: String::new(),
                parameters: Vec::new(),
                headers: Vec::new(),
                login: None,
                body: None,
                encoding: Encoding::Plain,
                trust: Trust::Authorities,
                timeout: TIMEOUT,
            },
            body: Body::Element,
            retries: RETRIES,
            backoff: BACKOFF,
        };
        let words = argument.words();
        let mut words = words.iter().peekable();
        while let Some(option) = words.next_if(|word| word.text.starts_with("--")) {
            match option.text.as_str() {
                "--compress" => ready.request.encoding = Encoding::Gzip,
                "--no-body" => ready.body = Body::Nothing,
                "--no-ssl-verify" => ready.request.trust = Trust::Everybody,
                "--auth" | "--timeout" | "--nr-of-retries" | "--backoff-base" => {
                    let value = words.next().ok_or_else(|| {
                        CommandError::usage(format!("`{}` needs a value", option.text))
                            .at(option.span)
                    })?;
                    ready.option(&option.text, value)?;
                }
                other => {
                    return Err(CommandError::usage(format!("unknown option `{other}`"))
                        .hint("`help http` lists the options; they stand in front of the URL")
                        .at(option.span));
                }
            }
        }
        if let Some(method) = words.next_if(|word| METHODS.contains(&&*word.text.to_uppercase())) {
            ready.request.method = method.text.to_uppercase();
        }
        let url = words.next().ok_or_else(|| {
            CommandError::usage("no URL is given").hint(format!(
                "write e.g. `search is(volume) | {scheme} :8080/volumes`"
            ))
        })?;
        ready.request.url = full(scheme, url)?;
        for word in words {
            ready.extra(word)?;
        }
        Ok(ready)
    }

    fn option(&mut self, name: &str, value: &Word) -> Result<(), CommandError> {
        let wrong = |wanted: &str| {
            CommandError::usage(format!("`{}` is not {wanted}", value.text)).at(value.span)
        };
        match name {
            "--auth" => {
                let (user, password) = value
                    .text
                    .split_once(':')
                    .ok_or_else(|| wrong("`USER:PASSWORD`"))?;
                self.request.login = Some((user.to_owned(), password.to_owned()));
            }
            "--timeout" => {
                let timeout = seconds(&value.text).ok().filter(|time| !time.is_zero());
                self.request.timeout = timeout.ok_or_else(|| wrong("a time in seconds"))?;
            }
            "--nr-of-retries" => {
                self.retries = value
                    .text
                    .parse()
                    .map_err(|_| wrong("a number of retries"))?;
            }
            _ => {
                let base = value.text.parse::<f64>().ok();
                self.backoff = base
                    .and_then(|base| Duration::try_from_secs_f64(base).ok())
                    .ok_or_else(|| wrong("a number of seconds"))?;
            }
        }
        Ok(())
    }

    /// A header or a parameter.
    fn extra(&mut self, word: &Word) -> Result<(), CommandError> {
        let pair = |(name, value): (&str, &str)| (name.trim().to_owned(), value.trim().to_owned());
        let parameter = word.text.split_once("==").map(pair);
        let header = word.text.split_once(':').map(pair);
        match (parameter, header) {
            (Some(parameter), _) if is_token(&parameter.0) => {
                self.request.parameters.push(parameter);
            }
            (_, Some(header)) if is_token(&header.0) && !header.1.contains(['\r', '\n']) => {
                self.request.headers.push(header);
            }
            _ => {
                return Err(CommandError::usage(format!(
                    "`{}` is neither a header nor a parameter",
                    word.text
                ))
                .hint("headers are written `Name:value`, parameters `name==value`; quote blanks")
                .at(word.span));
            }
        }
        Ok(())
    }

    fn filled(&self, element: &Value) -> WebRequest {
        let body = match (self.body, element) {
            (Body::Nothing, _) => None,
            (Body::Element, Value::String(text)) => {
                Some((text.clone(), "text/plain; charset=utf-8"))
            }
            (Body::Element, value @ (Value::Object(_) | Value::Array(_))) => {
                Some((value.to_string(), "application/json"))
            }
            (Body::Element, scalar) => Some((scalar_text(scalar), "text/plain; charset=utf-8")),
        };
        WebRequest {
            body,
            ..self.request.clone()
        }
    }

    /// Sends until there is an answer that a retry would not change, or no retry is left.
    async fn send(&mut self, request: &WebRequest, tried: &mut u32, call: &Call) -> u16 {
        loop {
            let answer = call.services.request(request).await;
            let again = match &answer {
                Ok(status) => *status >= 500 || *status == 429,
                Err(_) => true,
            };
            if again && self.retries > 0 {
                self.retries -= 1;
                let wait = self.backoff.saturating_mul(1 << (*tried).min(16));
                *tried += 1;
                tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
                continue;
            }
            let status = answer.unwrap_or_else(|message| {
                call.side.note(format!("`{}`: {message}", request.url));
                UNANSWERED
            });
            if status >= 400 {
                call.side.fail(1);
            }
            return status;
        }
    }
}

/// A name of a header or parameter: RFC 9110's tokens.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The URL with a scheme and a host.
fn full(scheme: &str, url: &Word) -> Result<String, CommandError> {
    let text = &url.text;
    if let Some((given, _)) = text.split_once("://") {
        return if given == "http" || given == "https" {
            Ok(text.clone())
        } else {
            Err(
                CommandError::usage(format!("`{given}` is not a scheme that can be sent to"))
                    .hint("write `http://…` or `https://…`")
                    .at(url.span),
            )
        };
    }
    Ok(if text.starts_with([':', '/']) {
        format!("{scheme}://localhost{text}")
    } else {
        format!("{scheme}://{text}")
    })
}

#[async_trait]
impl Stage for Ready {
    async fn run(mut self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        let mut elements = input.elements;
        let mut statuses: BTreeMap<u16, u64> = BTreeMap::new();
        let mut tried = 0;
        while let Some(element) = elements.next().await {
            let request = self.filled(&element?);
            let status = self.send(&request, &mut tried, call).await;
            *statuses.entry(status).or_default() += 1;
        }
        let told: Vec<String> = statuses
            .iter()
            .map(|(status, count)| format!("{count} requests with status {status}"))
            .collect();
        Ok(match told.as_slice() {
            [] => Flow::empty(),
            told => Flow::lines([format!("{} sent.", told.join(", "))]),
        })
    }
}
