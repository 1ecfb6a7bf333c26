//! Searches: on threads of their own, streamed, with a limit in time.
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures::StreamExt as _;
use serde_json::Value;
use stocktake_command::{CommandError, DefaultOrder, Found, Search, WithEdges};
use stocktake_engine::{DefaultSort, Edges, EngineError, EngineErrorKind, Rows, SearchRequest};
use stocktake_model::EdgeType;
use stocktake_query::{Filter, Merge, Name, Navigation, Part, Path, Query, Walk};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio_stream::wrappers::ReceiverStream;

use crate::archive::Seen;
use crate::core::{Core, now};
use crate::past::LEFT_OUT;
use crate::status::{age, missing_in};
use crate::usage;

/// Elements that may wait for a slow reader.
const BUFFERED: usize = 256;

/// Ends the search when nobody reads its answer any more.
struct Cancel(Arc<AtomicBool>);

impl Drop for Cancel {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Core {
    /// Runs a search. Errors of the query come at once, elements as they are found.
    pub(crate) async fn find(&self, search: Search) -> Result<Found, CommandError> {
        let asked = kinds(&search.query);
        let ground = self.ground(search.graph.clone()).await?;
        let (incomplete, gaps) = match &ground {
            Some(kept) => missing_in(&kept.headers, kept.graph.model(), &asked),
            None => self.missing(&asked),
        };
        let (clusters, data_age_secs) = match &ground {
            Some(kept) => (kept.headers.len(), age(&kept.headers, now())),
            None => (self.cluster_status().len(), self.data_age(now())),
        };
        let unkept = search.at.iter().flat_map(|_| unkept(&asked));
        let unkept: Vec<String> = unkept.collect();
        let cancel = Arc::new(AtomicBool::new(false));
        let at = search.at.clone();
        let mut request = request(search, cancel.clone());
        request.turns = Some(self.0.turns.clone());
        let core = self.clone();
        let (sender, receiver) = mpsc::channel(BUFFERED);
        let (hints, hinted) = tokio::sync::oneshot::channel();
        tokio::task::spawn_blocking(move || {
            let found = core.begin(ground, at.as_deref(), request);
            let rows = match found {
                Ok(rows) => rows,
                Err(error) => {
                    let _ = hints.send(Err(error));
                    return;
                }
            };
            // A reader that is gone needs neither hints nor rows.
            let _ = hints.send(Ok(rows.hints.clone()));
            let mut rows = rows;
            while let Some(row) = rows.next() {
                let row = row.map_err(command_error);
                let sent = sender.try_send(row).or_else(|unsent| match unsent {
                    TrySendError::Full(row) => {
                        // A slow reader holds up nobody else.
                        rows.rest();
                        sender.blocking_send(row).map_err(drop)
                    }
                    TrySendError::Closed(_) => Err(()),
                });
                if sent.is_err() {
                    return;
                }
            }
        });
        let mut hints: Vec<String> = hinted
            .await
            .map_err(|_| CommandError::world("the search broke down"))??;
        hints.extend(said(&incomplete, clusters));
        hints.extend(unkept);
        let cancel = Cancel(cancel);
        let elements = ReceiverStream::new(receiver).inspect(move |_| {
            let _held = &cancel;
        });
        Ok(Found {
            elements: elements.boxed(),
            hints,
            data_age_secs,
            gaps,
        })
    }

    /// Begins a search in a kept graph, in the past, or in the live graph. Blocks.
    fn begin(
        &self,
        ground: Option<Seen>,
        at: Option<&str>,
        mut request: SearchRequest,
    ) -> Result<Rows, CommandError> {
        let graph = match (ground, at) {
            (Some(kept), _) => return kept.graph.search(&request).map_err(way_out),
            (None, Some(at)) => self.graph_at(at)?,
            (None, None) => self.graph(),
        };
        request.usage = self.joined_usage(&request.query, request.now)?;
        graph.search(&request).map_err(way_out)
    }

    /// How a search would be run.
    pub(crate) async fn explain_search(&self, search: Search) -> Result<Value, CommandError> {
        let ground = self.ground(search.graph.clone()).await?;
        let mut request = request(search, Arc::default());
        if ground.is_none() {
            request.usage = usage::unread(&request.query);
        }
        let graph = ground.map_or_else(|| self.graph(), |kept| kept.graph);
        graph.explain(&request).map_err(way_out)
    }

    /// The kept graph that is asked, if one is.
    async fn ground(&self, name: Option<String>) -> Result<Option<Seen>, CommandError> {
        match name {
            Some(name) => {
                let seen = self.blocking(move |core| core.kept_graph(&name)).await;
                seen.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Everything a search finds; for the core's own questions, which are small.
    pub(crate) fn find_now(&self, text: &str, edges: WithEdges) -> Result<Vec<Value>, EngineError> {
        let query = stocktake_query::parse(text).expect("the core's own questions are queries");
        let search = Search {
            query: query.in_section("reported"),
            edges,
            order: DefaultOrder::Cli,
            timeout: None,
            at: None,
            graph: None,
            wanted: Vec::new(),
        };
        self.graph()
            .search(&request(search, Arc::default()))?
            .collect()
    }
}

pub(crate) fn request(search: Search, cancel: Arc<AtomicBool>) -> SearchRequest {
    SearchRequest {
        query: with_wanted(search.query, &search.wanted),
        now: now(),
        edge_type: EdgeType::Default,
        edges: match search.edges {
            WithEdges::No => Edges::Left,
            WithEdges::Yes => Edges::Included,
        },
        sort: match search.order {
            DefaultOrder::Any => DefaultSort::None,
            DefaultOrder::Cli => DefaultSort::Names,
        },
        deadline: search.timeout.map(|timeout| Instant::now() + timeout),
        cancel,
        usage: Vec::new(),
        turns: None,
    }
}

/// What people are told who ask for kinds of which there is no past.
fn unkept(asked: &[String]) -> impl Iterator<Item = String> {
    let kinds = asked
        .iter()
        .filter(|kind| LEFT_OUT.contains(&kind.as_str()));
    kinds.map(|kind| format!("changes of `{kind}` are not kept: the past has none"))
}

/// What people are told about an incomplete answer.
fn said(incomplete: &BTreeSet<String>, clusters: usize) -> Option<String> {
    let names: Vec<&str> = incomplete.iter().map(String::as_str).take(5).collect();
    let more = if incomplete.len() > names.len() {
        ", …"
    } else {
        ""
    };
    let all = clusters.max(incomplete.len());
    (!names.is_empty()).then(|| {
        format!(
            "{} of {all} clusters incomplete: {}{more} (`clusters` and `clusters gaps` tell more)",
            incomplete.len(),
            names.join(", ")
        )
    })
}

/// Kinds the query restricts itself to, in any of its parts; empty if a part does not say.
fn kinds(query: &Query) -> Vec<String> {
    let mut found = Vec::new();
    for part in &query.parts {
        match named(&part.filter) {
            Some(names) => found.extend(names),
            None => return Vec::new(),
        }
    }
    found
}

/// Kinds a node has to have one of to fulfil a filter.
fn named(filter: &Filter) -> Option<Vec<String>> {
    match filter {
        Filter::Is(names) => Some(names.iter().map(|name| name.text.clone()).collect()),
        Filter::And(filters) => filters.iter().find_map(named),
        Filter::Or(filters) => {
            let names: Option<Vec<_>> = filters.iter().map(named).collect();
            names.map(|names| names.concat())
        }
        _ => None,
    }
}

/// Has nodes carry the ancestors and descendants that later commands read, as merges of the last part.
fn with_wanted(mut query: Query, wanted: &[Path]) -> Query {
    let Some(last) = query.parts.last_mut() else {
        return query;
    };
    for path in wanted {
        let Some(merge) = merge(path) else { continue };
        if !last.merge.iter().any(|known| known.name == merge.name) {
            last.merge.push(merge);
        }
    }
    query
}

/// `{ancestors.KIND: <-[1:]- is(KIND)}`; nothing for what every node has anyway.
fn merge(path: &Path) -> Option<Merge> {
    let names: Vec<&str> = path
        .segments
        .iter()
        .map(|segment| segment.name.as_str())
        .collect();
    let (direction, kind) = match names[..] {
        [
            "ancestors",
            "cloud" | "account" | "region" | "zone",
            "reported",
            "name" | "id",
        ] => return None,
        ["ancestors", kind, ..] => (Walk::In, kind),
        ["descendants", kind, ..] => (Walk::Out, kind),
        _ => return None,
    };
    let start = match kind {
        // A node governs itself: the account of an account is the account.
        "cloud" | "account" | "region" | "zone" => 0,
        _ => 1,
    };
    let navigation = Navigation {
        direction,
        min: start,
        max: Navigation::UNLIMITED,
        types: Vec::new(),
        inbound_types: Vec::new(),
        edge_filter: None,
        span: path.span,
    };
    let kind = Name {
        text: kind.to_owned(),
        span: path.span,
    };
    let parts = vec![
        Part {
            navigation: Some(navigation),
            ..Part::default()
        },
        Part {
            filter: Filter::Is(vec![kind]),
            ..Part::default()
        },
    ];
    let name = Path {
        segments: path.segments[..2].to_vec(),
        ..path.clone()
    };
    Some(Merge {
        name,
        list: false,
        query: Query {
            parts,
            ..Query::default()
        },
    })
}

/// An error of the engine for somebody who asks what was collected.
fn way_out(error: EngineError) -> CommandError {
    let unknown = matches!(error.kind, EngineErrorKind::UnknownKind(_));
    let error = command_error(error);
    match error.hint {
        None if unknown => {
            error.hint("a kind is known once it was collected; `kinds` lists what is known")
        }
        _ => error,
    }
}

/// An error of the engine as commands show it.
pub(crate) fn command_error(error: EngineError) -> CommandError {
    let shown = match error.kind {
        EngineErrorKind::Timeout | EngineErrorKind::Cancelled => {
            CommandError::world(error.to_string())
        }
        _ => CommandError::usage(error.to_string()),
    };
    let shown = match error.hint {
        Some(hint) => shown.hint(hint),
        None => shown,
    };
    match error.span {
        Some(span) => shown.at(span),
        None => shown,
    }
}
