//! From a request to an answer: permissions and verbs on resources; other paths are in `paths`.
//!
//! No sockets, no waiting: those are in `server`.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use http::Method;
use serde_json::Value;

use crate::accept::{Form, negotiate};
use crate::access;
use crate::auth::{ANONYMOUS, Access, Permissions};
use crate::catalog::Resource;
use crate::delete::{self, DeleteOptions, Deleted};
use crate::metrics;
use crate::options::{AggregatedDiscovery, Version};
use crate::patch::Language;
use crate::request::{Query, Route, Target, WriteOptions, verb};
use crate::status::Status;
use crate::watch::Watch;
use crate::world::World;
use crate::write::Creating;

/// A request, as far as an answer depends on it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) route: Route,
    pub(crate) query: Query,
    pub(crate) user: String,
    pub(crate) permissions: Permissions,
    pub(crate) accept: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) user_agent: String,
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// Whether it asks for nothing to be changed.
    pub(crate) fn is_dry_run(&self) -> bool {
        let in_query = self.query.get("dryRun") == Some("All");
        let body = || serde_json::from_slice::<Value>(&self.body).unwrap_or_default();
        let in_options = |options: &Value| {
            let all = options["dryRun"].as_array();
            all.is_some_and(|all| all.contains(&Value::from("All")))
        };
        match self.method {
            Method::DELETE if self.body.iter().all(u8::is_ascii_whitespace) => in_query,
            Method::DELETE => in_options(&body()),
            Method::POST => in_query || in_options(&body()["deleteOptions"]),
            _ => in_query,
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    /// Further headers: `Warning`, `ETag`, `Retry-After`.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// What the body goes on with, if it does.
    pub(crate) watch: Option<Box<Watch>>,
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

impl Reply {
    pub(crate) fn json(code: u16, body: Vec<u8>) -> Self {
        Self {
            code,
            content_type: JSON,
            body,
            headers: Vec::new(),
            watch: None,
        }
    }

    pub(crate) fn text(code: u16, body: &str) -> Self {
        Self {
            code,
            content_type: TEXT,
            body: body.as_bytes().to_vec(),
            headers: Vec::new(),
            watch: None,
        }
    }

    pub(crate) fn value(code: u16, body: &Value) -> Self {
        Self::json(code, body.to_string().into_bytes())
    }

    fn warning(mut self, warning: Option<String>) -> Self {
        if let Some(warning) = warning {
            self.headers
                .push(("warning", format!("299 - \"{warning}\"")));
        }
        self
    }
}

impl From<Status> for Reply {
    fn from(status: Status) -> Self {
        Self::value(status.code, &status.to_json())
    }
}

/// What a server says to a group or version it does not serve.
pub(crate) fn page_not_found() -> Reply {
    Reply::text(404, "404 page not found\n")
}

/// What comes back for a group whose aggregated API server is down.
pub(crate) fn unavailable() -> Reply {
    Reply::text(503, "service unavailable\n")
}

/// A cluster and what its front door says about itself.
#[derive(Debug)]
pub(crate) struct Api {
    world: RwLock<World>,
    pub(crate) version: Version,
    pub(crate) aggregated: AggregatedDiscovery,
    pub(crate) address: String,
}

impl Api {
    pub(crate) fn new(
        world: World,
        version: Version,
        aggregated: AggregatedDiscovery,
        address: String,
    ) -> Self {
        Self {
            world: RwLock::new(world),
            version,
            aggregated,
            address,
        }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, World> {
        let world = self.world.read().unwrap_or_else(PoisonError::into_inner);
        if !world.is_due() {
            return world;
        }
        drop(world);
        self.write().advance();
        self.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, World> {
        self.world.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request.
    pub(crate) fn answer(&self, call: &Call) -> Reply {
        let reply = match &call.route {
            Route::Resource(target) => self.resource(call, target),
            _ => self.path(call),
        };
        reply.unwrap_or_else(Reply::from)
    }

    /// A watch, if that is what is asked for and can be had; everything else is answered.
    pub(crate) fn begin_watch(&self, call: &Call) -> Result<Option<Watch>, Status> {
        let Route::Resource(target) = &call.route else {
            return Ok(None);
        };
        let verb = verb(&call.method, target, &call.query);
        if verb != "watch" || !call.permissions.allow(&Access::new(verb, target)) {
            return Ok(None);
        }
        let mut world = self.write();
        world.advance();
        let catalog = &world.catalog;
        let found = catalog.resource(&target.group, &target.version, &target.plural);
        let Some(resource) = found.filter(|resource| resource.allows(verb)) else {
            return Ok(None);
        };
        let resource = std::sync::Arc::clone(resource);
        let namespace = namespace_of(&resource, target);
        let watch = world.watch(&resource, namespace, &call.query, form(call)?)?;
        Ok(Some(watch))
    }

    fn resource(&self, call: &Call, target: &Target) -> Result<Reply, Status> {
        let verb = verb(&call.method, target, &call.query);
        let access = Access::new(verb, target);
        let own_review = target.plural.starts_with("selfsubject") && verb == "create";
        if !(call.permissions.allow(&access) || own_review && call.user != ANONYMOUS) {
            return Err(access.refusal(&call.user));
        }
        let world = self.read();
        let catalog = &world.catalog;
        let Some(resource) = catalog.resource(&target.group, &target.version, &target.plural)
        else {
            let group = catalog.group(&target.group);
            let served = |group: &&crate::catalog::Group| {
                group
                    .versions
                    .iter()
                    .any(|(version, _)| *version == target.version)
            };
            return match group.filter(served) {
                Some(group) if group.stale => Ok(unavailable()),
                // Custom groups are served by a handler that knows no `Status` for this.
                Some(_) if is_builtin(&target.group) => Err(Status::no_such_resource()),
                _ => Ok(page_not_found()),
            };
        };
        let resource = std::sync::Arc::clone(resource);
        drop(world);
        let reply = self.serve(call, target, &resource, verb)?;
        Ok(reply.warning(deprecation(&resource)))
    }

    fn serve(
        &self,
        call: &Call,
        target: &Target,
        resource: &Resource,
        verb: &str,
    ) -> Result<Reply, Status> {
        let name = target.name.as_deref().unwrap_or_default();
        let namespace = namespace_of(resource, target);
        if let Some(subresource) = &target.subresource {
            let is_pod = resource.group.is_empty() && resource.plural == "pods";
            if !is_pod || subresource != "eviction" || verb != "create" {
                // None of the others is built yet.
                return Err(Status::no_such_resource());
            }
            let namespace = namespace.unwrap_or_default();
            let mut world = self.write();
            let evicted = world.evict(resource, namespace, name, &call.body, &call.query)?;
            world.react();
            return Ok(Reply::value(201, &evicted));
        }
        let misplaced = resource.namespaced && namespace.is_none() && verb != "list";
        if !resource.allows(verb) || misplaced {
            return Err(Status::method_not_allowed());
        }
        if resource.group == metrics::GROUP {
            let world = self.read();
            let body = match verb {
                "list" => world.measured_list(resource, namespace, &call.query),
                _ => world.measured(resource, namespace, name),
            };
            return Ok(Reply::value(200, &body?));
        }
        match verb {
            "list" => {
                let form = form(call)?;
                let body = self.read().list(resource, namespace, &call.query, form)?;
                Ok(Reply::json(200, body))
            }
            "get" => {
                let world = self.read();
                let (_, found) = world.find(resource, namespace.unwrap_or_default(), name)?;
                let object = crate::convert::from_storage(resource, found.to_value());
                Ok(Reply::json(
                    200,
                    world.show(resource, object, &call.query, form(call)?)?,
                ))
            }
            "create" => self.create(call, resource, namespace.unwrap_or_default()),
            "patch" => self.patch(call, resource, namespace.unwrap_or_default(), name),
            "delete" => self.delete(call, resource, namespace.unwrap_or_default(), name),
            // Update and deletecollection are not built yet.
            _ => Err(Status::method_not_allowed()),
        }
    }

    fn create(&self, call: &Call, resource: &Resource, namespace: &str) -> Result<Reply, Status> {
        if let Some(review) =
            access::review(&resource.plural, &call.user, &call.permissions, &call.body)
        {
            return Ok(Reply::value(201, &review?));
        }
        if !resource.allows("get") {
            // Bindings and reviews of others.
            return Err(Status::no_such_resource());
        }
        let form = form(call)?;
        let mut world = self.write();
        let created = world.create(
            resource,
            namespace,
            &call.body,
            &write_options(call),
            Creating::Plain,
        )?;
        let body = world.show(resource, created, &call.query, form)?;
        world.react();
        Ok(Reply::json(201, body))
    }

    fn patch(
        &self,
        call: &Call,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Reply, Status> {
        let content_type = call.content_type.as_deref().unwrap_or_default();
        let content_type = content_type.split(';').next().unwrap_or_default().trim();
        let language = Language::of(content_type)
            .filter(|language| *language != Language::Strategic || is_builtin(&resource.group))
            .ok_or_else(Status::unsupported_media_type)?;
        let form = form(call)?;
        let mut world = self.write();
        let options = write_options(call);
        if language == Language::Apply && world.find(resource, namespace, name).is_err() {
            let how = Creating::Applying;
            let created = world.create(resource, namespace, &call.body, &options, how)?;
            let body = world.show(resource, created, &call.query, form)?;
            world.react();
            return Ok(Reply::json(201, body));
        }
        let patch = (language, call.body.as_slice());
        let patched = world.patch(resource, (namespace, name), patch, &options)?;
        let body = world.show(resource, patched, &call.query, form)?;
        world.react();
        Ok(Reply::json(200, body))
    }

    fn delete(
        &self,
        call: &Call,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Reply, Status> {
        let options = DeleteOptions::read(&call.body, &call.query)?;
        let mut world = self.write();
        let body = match world.delete(resource, namespace, name, &options)? {
            Deleted::Object(object) => world.show(resource, object, &call.query, form(call)?)?,
            Deleted::Gone { uid } => delete::success(resource, name, &uid)
                .to_string()
                .into_bytes(),
        };
        world.react();
        Ok(Reply::json(200, body).warning(delete::warning(resource, &options)))
    }
}

/// The namespace objects are looked for in; a namespace itself is in none.
pub(crate) fn namespace_of<'a>(resource: &Resource, target: &'a Target) -> Option<&'a str> {
    target.namespace.as_deref().filter(|_| resource.namespaced)
}

fn is_builtin(group: &str) -> bool {
    crate::builtin::BUILTIN.iter().any(|row| row.group == group)
}

fn form(call: &Call) -> Result<Form, Status> {
    negotiate(
        call.accept.as_deref(),
        &[Form::Plain, Form::Metadata, Form::Table],
    )
    .ok_or_else(Status::not_acceptable)
}

fn write_options(call: &Call) -> WriteOptions {
    let agent = call.user_agent.split('/').next().unwrap_or_default();
    WriteOptions {
        manager: call.query.get("fieldManager").unwrap_or(agent).to_owned(),
        dry_run: call.query.get("dryRun") == Some("All"),
        force: call.query.get("force") == Some("true"),
    }
}

/// The warning that comes with deprecated resources.
fn deprecation(resource: &Resource) -> Option<String> {
    let text = match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "componentstatuses") => "v1 ComponentStatus is deprecated in v1.19+",
        ("", "endpoints") => {
            "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
        }
        _ => return None,
    };
    Some(text.to_owned())
}
