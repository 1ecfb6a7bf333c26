//! Answers to paths that are no resources: health, version, discovery, OpenAPI.
//!
//! The discovery documents themselves are written in `discovery`, those of OpenAPI in `openapi`.

use std::fmt::Write as _;

use http::Method;
use serde_json::{Value, json};

use crate::accept::{Form, negotiate};
use crate::api::{Api, Call, Reply, page_not_found, unavailable};
use crate::auth::{self, ANONYMOUS};
use crate::discovery;
use crate::openapi;
use crate::options::{AggregatedDiscovery, Version};
use crate::request::Route;
use crate::status::Status;

const CHECKS: &[&str] = &["ping", "log", "informer-sync", "shutdown"];

impl Api {
    /// Answers whatever is no resource.
    pub(crate) fn path(&self, call: &Call) -> Result<Reply, Status> {
        check_path(call)?;
        if !matches!(call.method, Method::GET | Method::HEAD) {
            return Err(Status::method_not_allowed());
        }
        let world = self.read();
        let catalog = &world.catalog;
        Ok(match &call.route {
            Route::Health(check) => health(check, call.query.is_set("verbose")),
            Route::Version => Reply::value(200, &self.version_body()),
            Route::CoreVersions => match self.discovery_form(call)? {
                Form::AggregatedDiscovery => aggregated(&discovery::aggregated_core(catalog)),
                _ => Reply::value(200, &discovery::api_versions(&self.address)),
            },
            Route::Groups => match self.discovery_form(call)? {
                Form::AggregatedDiscovery => aggregated(&discovery::aggregated_groups(catalog)),
                _ => Reply::value(200, &discovery::api_groups(catalog)),
            },
            Route::Group(group) => catalog
                .group(group)
                .map(discovery::api_group)
                .map_or_else(page_not_found, |body| Reply::value(200, &body)),
            Route::GroupVersion(group, version) => match catalog.group(group) {
                Some(group) if group.stale => unavailable(),
                Some(group) => discovery::api_resources(group, version)
                    .map_or_else(page_not_found, |body| Reply::value(200, &body)),
                None => page_not_found(),
            },
            Route::OpenApi => {
                Reply::value(200, &openapi::index(catalog, &self.version.git_version))
            }
            Route::OpenApiDocument(name) => {
                openapi::document(catalog, name, &self.version.git_version)
                    .map_or_else(|| Reply::text(404, ""), |body| Reply::value(200, &body))
            }
            Route::Resource(_) | Route::Other => page_not_found(),
        })
    }

    fn discovery_form(&self, call: &Call) -> Result<Form, Status> {
        let offers: &[Form] = match self.aggregated {
            AggregatedDiscovery::On => &[Form::Plain, Form::AggregatedDiscovery],
            AggregatedDiscovery::Off => &[Form::Plain],
        };
        negotiate(call.accept.as_deref(), offers).ok_or_else(Status::not_acceptable)
    }

    fn version_body(&self) -> Value {
        let Version {
            major,
            minor,
            git_version,
            platform,
        } = &self.version;
        json!({
            "major": major,
            "minor": minor,
            "emulationMajor": major,
            "emulationMinor": minor,
            "gitVersion": git_version,
            "gitCommit": "0000000000000000000000000000000000000000",
            "gitTreeState": "clean",
            "buildDate": "1970-01-01T00:00:00Z",
            "goVersion": "none",
            "compiler": "rustc",
            "platform": platform,
        })
    }
}

fn check_path(call: &Call) -> Result<(), Status> {
    let public = auth::covers_path(auth::PUBLIC_PATHS, &call.path);
    let allowed = public || call.user != ANONYMOUS && call.permissions.allow_path(&call.path);
    if allowed {
        return Ok(());
    }
    let verb = call.method.as_str().to_lowercase();
    Err(auth::path_refusal(&call.user, &verb, &call.path))
}

fn health(check: &str, verbose: bool) -> Reply {
    if !verbose {
        return Reply::text(200, "ok");
    }
    let mut text = String::new();
    for name in CHECKS {
        writeln!(text, "[+]{name} ok").expect("writing to a string does not fail");
    }
    Reply::text(200, &format!("{text}{check} check passed\n"))
}

fn aggregated(body: &Value) -> Reply {
    let body = body.to_string().into_bytes();
    let digest = ring::digest::digest(&ring::digest::SHA512, &body);
    let mut tag = String::from("\"");
    for byte in digest.as_ref() {
        write!(tag, "{byte:02X}").expect("writing to a string does not fail");
    }
    tag.push('"');
    Reply {
        content_type: discovery::AGGREGATED,
        headers: vec![("etag", tag)],
        ..Reply::json(200, body)
    }
}
