//! From an error of the HTTP client to one sentence a person can act upon.
//!
//! The client wraps the cause several times; what counts is the innermost error, which is looked for here.
use std::error::Error;
use std::io::ErrorKind;
use std::time::Duration;

use kube::client::AuthError;
use rustls::{AlertDescription, CertificateError};

use crate::trouble::RequestError;

const TOO_EARLY: &str = "it was closed too early";

/// What a server says where it does not like our certificate.
const CERTIFICATE: [AlertDescription; 8] = [
    AlertDescription::BadCertificate,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateRequired,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateUnknown,
    AlertDescription::DecryptError,
    AlertDescription::UnknownCA,
    AlertDescription::AccessDenied,
];

/// Why a request to `server` did not get an answer.
pub(super) fn of_request(error: &kube::Error, server: &str, after: Duration) -> RequestError {
    match error {
        kube::Error::Auth(auth) => of_auth(auth),
        kube::Error::RustlsTls(tls) => RequestError::Credentials {
            message: format!("the certificates for `{server}` can not be used: {tls}"),
            hint: Some("check the certificates and the key in the kubeconfig".to_owned()),
        },
        kube::Error::ProxyProtocolUnsupported { .. } => RequestError::Unreachable {
            server: server.to_owned(),
            why: "the proxy has to be an `http`, `https` or `socks5` URL".to_owned(),
        },
        error => of_chain(error, server, after),
    }
}

/// Why we have nothing to show; the output of a program is never quoted, it may hold a token.
fn of_auth(error: &AuthError) -> RequestError {
    let (message, hint) = match error {
        AuthError::ReadTokenFile(why, path) => (
            format!("the token file `{}` can not be read: {why}", path.display()),
            Some("check the path and who may read it"),
        ),
        AuthError::AuthExecStart(why) => (
            format!("the program that gets the credentials can not be run: {why}"),
            None,
        ),
        AuthError::InvalidBasicAuth(_) | AuthError::InvalidBearerToken(_) => (
            "the token or password holds characters that can not be sent".to_owned(),
            Some("look for a line break at the end of the token"),
        ),
        AuthError::AuthExec(_) => (
            "the `auth-provider` of the user is not supported or failed".to_owned(),
            Some("use the exec plugin of the same provider, e.g. `kubelogin`"),
        ),
        AuthError::Oidc(_) => (
            "the OIDC token could not be refreshed".to_owned(),
            Some("log in again"),
        ),
        _ => ("the credentials can not be used".to_owned(), None),
    };
    RequestError::Credentials {
        message,
        hint: hint.map(str::to_owned),
    }
}

fn of_chain(error: &(dyn Error + 'static), server: &str, after: Duration) -> RequestError {
    let unreachable = |why: &str| RequestError::Unreachable {
        server: server.to_owned(),
        why: why.to_owned(),
    };
    let mut innermost = error;
    for cause in chain(error) {
        innermost = cause;
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return of_tls(tls, server);
        }
        if let Some(auth) = cause.downcast_ref::<AuthError>() {
            return of_auth(auth);
        }
        let text = cause.to_string();
        if text.contains("dns error") || text.contains("failed to lookup") {
            return unreachable("its name does not resolve");
        }
        if text.starts_with("stream error") {
            return RequestError::Cut {
                server: server.to_owned(),
                why: TOO_EARLY.to_owned(),
            };
        }
        if let Some(alert) = told(&text) {
            return of_alert(alert, server);
        }
        let io = cause.downcast_ref::<std::io::Error>();
        if let Some(told) = io.and_then(|io| of_io(io.kind(), server, after)) {
            return told;
        }
    }
    let why = innermost.to_string();
    if chain(error).any(|cause| cause.to_string().contains("client error (Connect)")) {
        return unreachable(&why);
    }
    RequestError::Cut {
        server: server.to_owned(),
        why,
    }
}

fn of_io(kind: ErrorKind, server: &str, after: Duration) -> Option<RequestError> {
    let server = server.to_owned();
    let unreachable = |server, why: &str| RequestError::Unreachable {
        server,
        why: why.to_owned(),
    };
    Some(match kind {
        ErrorKind::ConnectionRefused => unreachable(server, "connection refused"),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            unreachable(server, "no route to it")
        }
        ErrorKind::TimedOut => RequestError::Timeout { server, after },
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => RequestError::Cut {
            server,
            why: TOO_EARLY.to_owned(),
        },
        _ => return None,
    })
}

/// The error and its causes, outermost first; looks into `io::Error`, which hides the error it carries.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), cause_of)
}

fn cause_of<'e>(error: &&'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let error: &'e (dyn Error + 'static) = *error;
    match error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
    {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

fn of_tls(error: &rustls::Error, server: &str) -> RequestError {
    let theirs = |message: String, hint: &str| RequestError::Certificate {
        message,
        hint: hint.to_owned(),
        ours: false,
    };
    match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => theirs(
                format!("the certificate of `{server}` is not signed by the CA in the kubeconfig"),
                "take `certificate-authority-data` anew from the cluster; the server may have been set \
                 up again, or another server answers at this address",
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => theirs(
                format!("the certificate of `{server}` has expired"),
                "have it renewed on the server, or check the clock of this machine",
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => theirs(
                format!("the certificate of `{server}` is not valid yet"),
                "check the clock of this machine and of the server",
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                theirs(
                    format!("the certificate of `{server}` is for another name"),
                    "use a name the certificate is for, or set `tls-server-name` in the kubeconfig",
                )
            }
            other => theirs(
                format!("the certificate of `{server}` is not valid: {other}"),
                "check the certificate of the server and the CA in the kubeconfig",
            ),
        },
        rustls::Error::AlertReceived(alert) => of_alert(*alert, server),
        other => RequestError::Unreachable {
            server: server.to_owned(),
            why: format!("no TLS connection: {other}"),
        },
    }
}

fn of_alert(alert: AlertDescription, server: &str) -> RequestError {
    if CERTIFICATE.contains(&alert) {
        return RequestError::Certificate {
            message: format!("`{server}` does not accept our client certificate"),
            hint: "get a new client certificate for the user of the context".to_owned(),
            ours: true,
        };
    }
    RequestError::Unreachable {
        server: server.to_owned(),
        why: format!("it ended the TLS connection: {alert:?}"),
    }
}

/// The alert about our certificate in the words of an error: a connection of HTTP/2 keeps nothing else of what ended it.
fn told(text: &str) -> Option<AlertDescription> {
    let (_, name) = text.rsplit_once("received fatal alert: ")?;
    let named = |alert: &&AlertDescription| format!("{alert:?}") == name;
    CERTIFICATE.iter().find(named).copied()
}
