//! What is told of one kind: objects as they are now, those that are gone, how far everything was told, what can not be.
use serde_json::Value;
use stocktake_model::{Gap, GapReason};
use stocktake_plugin_api::WatchItem;

use super::{Closed, OfKind, Refused};
use crate::page::Lost;

impl OfKind {
    /// Notes how far everything was told.
    pub(super) fn reached(&mut self, object: &Value) {
        let version = object["metadata"]["resourceVersion"].as_str();
        if let Some(version) = version.filter(|version| !version.is_empty()) {
            self.version = Some(version.to_owned());
        }
    }

    /// Tells how an object is now. One that has nothing to be known by is lost.
    pub(super) async fn changed(&self, object: Value) -> Result<Option<Lost>, Closed> {
        if !self.is_wanted(&object) {
            return Ok(None);
        }
        let uid = object["metadata"]["uid"].as_str().map(str::to_owned);
        self.watch.notice(&self.resource, Some(&object));
        match self.watch.converter.convert_whole(&self.resource, object) {
            Ok(changed) => self.send(WatchItem::Changed(changed)).await?,
            Err(error) => {
                let Some(uid) = uid else {
                    tracing::debug!(%error, "an object was not understood");
                    return Ok(Some(Lost::Malformed));
                };
                let gap = self.malformed(Some(uid), error.to_string());
                self.send(WatchItem::Gap(gap)).await?;
            }
        }
        Ok(None)
    }

    pub(super) async fn gone(&self, object: &Value) -> Result<(), Closed> {
        self.watch.notice(&self.resource, None);
        let Some(uid) = object["metadata"]["uid"].as_str() else {
            return Ok(());
        };
        if !self.is_wanted(object) {
            return Ok(());
        }
        let (kind, uid) = (self.kind.clone(), uid.to_owned());
        self.send(WatchItem::Gone { kind, uid }).await
    }

    fn is_wanted(&self, object: &Value) -> bool {
        let namespace = object["metadata"]["namespace"].as_str();
        let namespace = namespace.filter(|namespace| !namespace.is_empty());
        !self.resource.namespaced
            || namespace.is_none_or(|namespace| self.watch.choice.wants_namespace(namespace))
    }

    /// Everything there is was told.
    pub(super) async fn relisted(&self) -> Result<(), Closed> {
        let (kind, namespace) = self.place();
        let resource_version = self.version.clone();
        self.send(WatchItem::Relisted {
            kind,
            namespace,
            resource_version,
        })
        .await
    }

    /// Everything up to this version was told. Where the last list had something nobody can know, who resumes has to
    /// come by it again.
    pub(super) async fn seen(&self, version: String) -> Result<(), Closed> {
        let (kind, namespace) = self.place();
        self.send(WatchItem::Seen {
            kind,
            namespace,
            resource_version: Some(version).filter(|_| self.flaws.is_empty()),
        })
        .await
    }

    /// It is told again, but for what nobody can know.
    pub(super) async fn mended(&self) -> Result<(), Closed> {
        let (kind, namespace) = self.place();
        self.send(WatchItem::Mended { kind, namespace }).await?;
        for flaw in &self.flaws {
            let gap = self.malformed(None, flaw.clone());
            self.send(WatchItem::Gap(gap)).await?;
        }
        Ok(())
    }

    /// It is not told at the moment.
    pub(super) async fn untold(&self, refused: &Refused) -> Result<(), Closed> {
        let namespace = self.namespace.as_deref();
        let gap = self.watch.untold(&self.resource, namespace, refused);
        self.send(WatchItem::Gap(gap)).await
    }

    fn malformed(&self, uid: Option<String>, message: String) -> Gap {
        Gap {
            kind: Some(self.kind.clone()),
            namespace: self.namespace.clone(),
            except: Vec::new(),
            uid,
            reason: GapReason::Malformed,
            message,
            hint: None,
        }
    }

    pub(super) async fn send(&self, item: WatchItem) -> Result<(), Closed> {
        self.watch.sink.send(item).await.map_err(|_| Closed)
    }
}
