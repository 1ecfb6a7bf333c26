//! Watching one kind: from the version that is known, listing anew where that is too old, and again and again when
//! the connection breaks. What is sent about it is told in `tell`.
mod tell;

use std::sync::Arc;
use std::time::Duration;

use stocktake_plugin_api::WatchItem;
use tokio::time::Instant;

use super::Watch;
use super::event::{Event, Reader};
use crate::connect::Ask;
use crate::list::Pager;
use crate::page::Form;
use crate::trouble::RequestError;
use crate::{Resource, secrets};

/// Seconds after which the server ends a watch, so that connections do not live for ever.
const LASTS: u64 = 290;
/// Without a word for so long, a connection that should bring bookmarks every minute is dead.
const SILENCE: Duration = Duration::from_secs(150);
/// A watch that was not refused for so long is well.
const WELL: Duration = Duration::from_secs(5);

/// Why a kind is not watched any more.
pub(super) enum End {
    /// Nobody wants to know.
    Closed,
    /// The server does not let us, or has no such kind.
    Unwatchable {
        refused: Refused,
        /// Up to where everything was told.
        version: Option<String>,
    },
}

/// What the server does not let us do.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    /// What was asked for.
    pub(super) verb: &'static str,
    /// What it said.
    pub(super) error: RequestError,
}

/// Why one connection ended.
enum Ended {
    /// As it should: its time was over.
    Over,
    /// The version is not kept any more.
    Expired,
    /// It broke, or was refused.
    Broken(RequestError),
    Closed,
}

/// Nobody takes items any more.
struct Closed;

/// Why a list did not come to its end.
enum Stop {
    Request(RequestError),
    Closed,
}

impl From<Closed> for Stop {
    fn from(Closed: Closed) -> Self {
        Self::Closed
    }
}

/// One kind on its way, in all namespaces or in one.
pub(super) struct OfKind {
    watch: Arc<Watch>,
    resource: Resource,
    kind: String,
    namespace: Option<String>,
    form: Form,
    /// Everything up to here was told; `None`: list first.
    version: Option<String>,
    /// Not every server can send them.
    bookmarks: bool,
    /// Since when it does not work, and how often it was tried since.
    failing: Option<(Instant, u32)>,
    gap_told: bool,
    /// What the last list had that nobody can know.
    flaws: Vec<String>,
}

impl OfKind {
    pub(super) fn new(watch: Arc<Watch>, resource: Resource, version: Option<String>) -> Self {
        let form = if secrets::are(&resource) {
            Form::Rows
        } else {
            Form::Objects
        };
        Self {
            kind: crate::kind_name(&resource),
            form,
            watch,
            resource,
            namespace: None,
            version,
            bookmarks: true,
            failing: None,
            // What was told before a restart is taken back as soon as it works.
            gap_told: true,
            flaws: Vec::new(),
        }
    }

    /// The same, in one namespace only.
    pub(super) fn within(self, namespace: &str) -> Self {
        Self {
            namespace: Some(namespace.to_owned()),
            ..self
        }
    }

    pub(super) fn resource(&self) -> &Resource {
        &self.resource
    }

    /// Kind and namespace.
    pub(super) fn place(&self) -> (String, Option<String>) {
        (self.kind.clone(), self.namespace.clone())
    }

    /// Watches until nobody wants to know, or it can not be done.
    pub(super) async fn run(mut self) -> End {
        loop {
            if self.version.is_none() {
                match self.relist().await {
                    Ok(()) => {}
                    Err(Stop::Closed) => return End::Closed,
                    Err(Stop::Request(error)) if is_final(&error) => {
                        return self.unwatchable("list", error);
                    }
                    Err(Stop::Request(error)) => {
                        if self.wait(&error).await.is_err() {
                            return End::Closed;
                        }
                        continue;
                    }
                }
            }
            let before = self.version.clone();
            match self.follow().await {
                Ended::Closed => return End::Closed,
                Ended::Expired => self.version = None,
                Ended::Broken(error) if is_final(&error) => {
                    return self.unwatchable("watch", error);
                }
                Ended::Broken(error) => {
                    if self.wait(&error).await.is_err() {
                        return End::Closed;
                    }
                }
                Ended::Over if self.version != before => {}
                // A server that ends every watch at once is not asked without a breath in between.
                Ended::Over => tokio::time::sleep(self.watch.patience.base).await,
            }
        }
    }

    fn unwatchable(self, verb: &'static str, error: RequestError) -> End {
        End::Unwatchable {
            refused: Refused { verb, error },
            version: self.version,
        }
    }

    /// Lists the kind and tells everything, also what is not there any more.
    pub(super) async fn list_first(&mut self) {
        // What goes wrong here goes wrong again when it is watched, and is told then.
        let _ = self.relist().await;
    }

    async fn relist(&mut self) -> Result<(), Stop> {
        let watch = self.watch.clone();
        let _turn = watch.gate.acquire().await;
        let _share = watch.lists.acquire().await;
        let (kind, namespace) = self.place();
        self.send(WatchItem::Relisting { kind, namespace }).await?;
        let path = self.resource.list_path_in(self.namespace.as_deref());
        let mut pager = Pager::new(
            &watch.link,
            watch.patience,
            path,
            self.form,
            watch.page_size,
        );
        while let Some(object) = pager.next().await.map_err(Stop::Request)? {
            let lost = match object {
                Ok(object) => self.changed(object).await?,
                Err(lost) => Some(lost),
            };
            if let Some(lost) = lost {
                pager.flawed(lost);
            }
        }
        self.form = pager.form();
        self.version = pager.watch_version();
        let flaws: Vec<String> = pager.flaws().messages().collect();
        // An object that seems to be gone may be one of those that nobody could read.
        if flaws.is_empty() {
            self.relisted().await?;
        }
        self.gap_told |= flaws != self.flaws;
        self.flaws = flaws;
        self.well().await?;
        Ok(())
    }

    /// One connection, to its end.
    async fn follow(&mut self) -> Ended {
        let path = self.path();
        let ask = Ask::get(path.clone()).accept(self.form.accept());
        let opened = tokio::select! {
            () = self.watch.sink.closed() => return Ended::Closed,
            opened = self.watch.link.stream(&ask) => opened,
        };
        let mut lines = match opened {
            Ok(lines) => lines,
            Err(error) => return self.broken(error),
        };
        let mut reader = Reader::new(self.form, &path);
        let mut is_first = true;
        loop {
            let patience = if is_first { WELL } else { self.silence() };
            let line = tokio::select! {
                () = self.watch.sink.closed() => return Ended::Closed,
                line = tokio::time::timeout(patience, lines.next()) => line,
            };
            let line = match line {
                Err(_) if is_first => None,
                Err(_) => {
                    return Ended::Broken(RequestError::Timeout {
                        server: self.watch.link.target().server_url.clone(),
                        after: patience,
                    });
                }
                Ok(Err(error)) => return Ended::Broken(error),
                Ok(Ok(None)) => return self.over().await,
                Ok(Ok(Some(line))) => Some(line),
            };
            if let Some(line) = line {
                match self.take(&mut reader, &line, is_first).await {
                    Ok(None) => {}
                    Ok(Some(ended)) => return ended,
                    Err(Closed) => return Ended::Closed,
                }
            }
            is_first = false;
            if self.well().await.is_err() {
                return Ended::Closed;
            }
        }
    }

    /// The time of a connection was over: what came until then need not come again.
    async fn over(&mut self) -> Ended {
        let Some(version) = self.version.clone() else {
            return Ended::Over;
        };
        match self.seen(version).await {
            Ok(()) => Ended::Over,
            Err(Closed) => Ended::Closed,
        }
    }

    /// Takes a line; what it ends the connection with, if it does.
    async fn take(
        &mut self,
        reader: &mut Reader,
        line: &[u8],
        is_first: bool,
    ) -> Result<Option<Ended>, Closed> {
        match reader.read(line) {
            Ok(Event::Changed(object)) => {
                self.reached(&object);
                // One that nothing is known by was none of ours before either.
                let _ = self.changed(object).await?;
            }
            Ok(Event::Gone(object)) => {
                self.reached(&object);
                self.gone(&object).await?;
            }
            Ok(Event::Bookmark(version)) => {
                self.version = Some(version.clone());
                self.seen(version).await?;
            }
            Ok(Event::Refused(refusal)) if refusal.code == 410 => {
                return Ok(Some(Ended::Expired));
            }
            Ok(Event::Refused(refusal)) => {
                if is_first && self.bookmarks {
                    // Some servers refuse the whole watch because they can not send bookmarks.
                    self.bookmarks = false;
                }
                let error = RequestError::Refused(Box::new(refusal));
                return Ok(Some(Ended::Broken(error)));
            }
            Err(error) => return Ok(Some(Ended::Broken(error))),
        }
        Ok(None)
    }

    fn broken(&mut self, error: RequestError) -> Ended {
        match error.code() {
            Some(410) => Ended::Expired,
            Some(406) if self.form == Form::Rows => {
                self.form = Form::Metadata;
                Ended::Over
            }
            _ => Ended::Broken(error),
        }
    }

    fn path(&self) -> String {
        let mut path = format!(
            "{}?watch=1&timeoutSeconds={LASTS}&resourceVersion={}",
            self.resource.list_path_in(self.namespace.as_deref()),
            self.version.as_deref().unwrap_or_default()
        );
        if self.bookmarks {
            path += "&allowWatchBookmarks=true";
        }
        if self.form == Form::Rows {
            path += "&includeObject=Metadata";
        }
        path
    }

    fn silence(&self) -> Duration {
        if self.bookmarks {
            SILENCE
        } else {
            Duration::from_secs(LASTS) + WELL
        }
    }

    /// It works: what was told to be missing is there again.
    async fn well(&mut self) -> Result<(), Closed> {
        self.failing = None;
        if std::mem::take(&mut self.gap_told) {
            self.mended().await?;
        }
        Ok(())
    }

    /// It does not work: waits, longer each time, and tells when it has been too long.
    async fn wait(&mut self, error: &RequestError) -> Result<(), Closed> {
        let (since, tries) = self.failing.unwrap_or((Instant::now(), 0));
        self.failing = Some((since, tries + 1));
        let wait = self.watch.patience.backoff(tries + 1, error);
        tracing::debug!(%error, kind = self.kind, tries, ?wait, "a watch broke");
        tokio::select! {
            () = self.watch.sink.closed() => return Err(Closed),
            () = tokio::time::sleep(wait) => {}
        }
        if self.gap_told && tries > 0 || since.elapsed() < self.watch.patience.gap {
            return Ok(());
        }
        self.gap_told = true;
        let error = error.clone();
        self.untold(&Refused {
            verb: "watch",
            error,
        })
        .await
    }
}

/// Whether trying again will not help. A collection still lists the kind if it may.
fn is_final(error: &RequestError) -> bool {
    matches!(error.code(), Some(403..=405)) || matches!(error, RequestError::WrongForm { .. })
}
