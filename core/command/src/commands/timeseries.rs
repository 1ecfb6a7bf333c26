//! `timeseries`: numbers over time, measured by aggregates.
//!
//! A job with `timeseries snapshot` measures; nothing does it by itself.
use async_trait::async_trait;
use futures::TryStreamExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use stocktake_model::{Duration, normalise};
use stocktake_query::Query;

use crate::draft::Draft;
use crate::show::scalar_text;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{
    Aggregation, Argument, Call, CommandError, Equality, Flow, Measured, Scene, SeriesEntry,
    SeriesFilter, SeriesOptions, View, Word, moment, syntax,
};

const HOUR: i64 = 60 * 60;
/// Slots if nobody says otherwise.
const SLOTS: i64 = 5;

static SPEC: Spec = Spec {
    name: "timeseries",
    aliases: &["ts"],
    about: "numbers over time",
    usage: "snapshot --name NAME [--avg-factor F] QUERY | get --name NAME --start TIME --end TIME [OPTIONS] | list | downsample",
    arguments: &[
        (
            "snapshot --name NAME QUERY",
            "measure now; QUERY is an aggregate with one function",
        ),
        ("--avg-factor F", "divide what is measured by F"),
        ("get --name NAME", "what was measured, slot by slot"),
        ("--start TIME", "a time, or a duration before now"),
        ("--end TIME", "likewise; now if left out"),
        (
            "--group NAME …",
            "keep these groups and add the others up; all are kept if left out",
        ),
        ("--filter NAME=VALUE …", "only groups like that; also `!=`"),
        (
            "--granularity N",
            "number of slots, 5 if left out, or how long one is; an hour at least",
        ),
        ("--aggregation WORD", "avg, sum, min or max of a slot"),
        ("list", "all series, and how often each was measured"),
        ("downsample", "thin out what is older than two days"),
    ],
    category: Category::Setup,
    input: Shape::Nothing,
    output: Shape::Values,
    examples: &[
        Example {
            about: "Measure how many there are of each kind",
            line: "timeseries snapshot --name kinds aggregate(kind: sum(1) as count): all",
            prints: "4 entries added to time series kinds.\n",
        },
        Example {
            about: "Measure after every collection",
            line: "jobs add --wait-for-event post_collect timeseries snapshot --name kinds aggregate(kind: sum(1)): all",
            prints: "",
        },
        Example {
            about: "The last week, day by day",
            line: "timeseries get --name kinds --start 7d --granularity 1d --filter kind=kubernetes_pod",
            prints: "",
        },
    ],
};

pub(super) struct Timeseries;

impl Command for Timeseries {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let (verb, rest) = argument.head();
        Ok(Box::new(match verb.text() {
            "snapshot" => snapshot(&rest)?,
            "get" => Ask::Get(get(&rest, scene)?),
            "list" if rest.is_empty() => Ask::List,
            "downsample" if rest.is_empty() => Ask::Downsample,
            _ => {
                let verbs = ["snapshot", "get", "list", "downsample"];
                return Err(super::unknown_verb("timeseries", &verbs, argument));
            }
        }))
    }
}

enum Ask {
    Snapshot {
        name: String,
        factor: f64,
        query: Box<Query>,
    },
    Get(SeriesOptions),
    List,
    Downsample,
}

/// `--name NAME [--avg-factor F] query`
fn snapshot(argument: &Argument) -> Result<Ask, CommandError> {
    let mut name = None;
    let mut factor = 1.0;
    let mut rest = argument.clone();
    loop {
        let words = rest.words();
        let Some(option) = words.first().filter(|word| word.text.starts_with("--")) else {
            break;
        };
        let value = following(option, words.get(1))?;
        match option.text.as_str() {
            "--name" => name = Some(named(value)?),
            "--avg-factor" => {
                let parsed = value.text.parse().ok();
                factor = parsed
                    .filter(|factor: &f64| factor.is_normal())
                    .ok_or_else(|| wrong(value, "a number other than 0"))?;
            }
            _ => return Err(unknown(option)),
        }
        rest = rest.slice(value.range.end..rest.text().len()).trim();
    }
    let (query, _) = syntax::query(&rest)?;
    let functions = query
        .preamble
        .aggregate
        .as_ref()
        .map(|one| one.functions.len());
    if functions != Some(1) {
        return Err(
            CommandError::usage("a series needs an aggregate with exactly one function")
                .hint("write e.g. `aggregate(kind: sum(1) as count): all`")
                .at(rest.span()),
        );
    }
    Ok(Ask::Snapshot {
        name: name.ok_or_else(nameless)?,
        factor,
        query: Box::new(query),
    })
}

fn get(argument: &Argument, scene: &Scene) -> Result<SeriesOptions, CommandError> {
    let mut options = SeriesOptions {
        name: String::new(),
        start: Timestamp::MIN,
        end: scene.now,
        groups: None,
        filters: Vec::new(),
        slot_secs: 0,
        aggregation: Aggregation::Avg,
    };
    let mut slots = SLOTS;
    let words = argument.words();
    let mut option = None;
    for (place, word) in words.iter().enumerate() {
        if word.text.starts_with("--") {
            following(word, words.get(place + 1))?;
            if word.text == "--group" {
                options.groups.get_or_insert_default();
            }
            option = Some(word);
            continue;
        }
        match option.map_or("", |option| option.text.as_str()) {
            "--name" => options.name = named(word)?,
            "--start" => options.start = time(word, scene)?,
            "--end" => options.end = time(word, scene)?,
            "--group" => options
                .groups
                .get_or_insert_default()
                .push(word.text.clone()),
            "--filter" => options.filters.push(filter(word)?),
            "--granularity" => match (word.text.parse(), word.text.parse::<Duration>()) {
                (Ok(number), _) if (1..=1000).contains(&number) => slots = number,
                (Err(_), Ok(length)) => options.slot_secs = length.seconds().max(HOUR),
                _ => return Err(wrong(word, "a number up to 1000, or a duration")),
            },
            "--aggregation" => options.aggregation = aggregation(word)?,
            _ => return Err(unknown(option.unwrap_or(word))),
        }
    }
    if options.name.is_empty() {
        return Err(nameless());
    }
    if options.start == Timestamp::MIN || options.start >= options.end {
        return Err(
            CommandError::usage("`--start` has to be there, and before `--end`")
                .hint("write e.g. `--start 7d`"),
        );
    }
    if options.slot_secs == 0 {
        let length = options.end.duration_since(options.start).as_secs();
        options.slot_secs = (length / slots).max(HOUR);
    }
    Ok(options)
}

fn following<'w>(option: &Word, value: Option<&'w Word>) -> Result<&'w Word, CommandError> {
    let value = value.filter(|value| !value.text.starts_with("--"));
    value.ok_or_else(|| {
        CommandError::usage(format!("`{}` needs a value", option.text)).at(option.span)
    })
}

fn unknown(option: &Word) -> CommandError {
    CommandError::usage(format!("unknown option `{}`", option.text))
        .hint("`help timeseries` lists the options")
        .at(option.span)
}

fn wrong(word: &Word, wanted: &str) -> CommandError {
    CommandError::usage(format!("`{}` is not {wanted}", word.text)).at(word.span)
}

fn nameless() -> CommandError {
    CommandError::usage("`--name` is missing").hint("`timeseries list` shows the names there are")
}

fn named(word: &Word) -> Result<String, CommandError> {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if word.text.chars().all(letter) && !word.text.is_empty() {
        return Ok(word.text.clone());
    }
    Err(wrong(word, "a name: letters, digits, `_`, `-` and `.`"))
}

fn time(word: &Word, scene: &Scene) -> Result<Timestamp, CommandError> {
    moment(&word.text, scene.now).map_err(|error| error.at(word.span))
}

fn filter(word: &Word) -> Result<SeriesFilter, CommandError> {
    let found = word
        .text
        .split_once("!=")
        .map(|pair| (pair, Equality::Different));
    let found = found.or_else(|| Some((word.text.split_once('=')?, Equality::Equal)));
    let ((name, value), equality) = found.ok_or_else(|| wrong(word, "`NAME=VALUE`"))?;
    Ok(SeriesFilter {
        name: name.to_owned(),
        value: value.trim_start_matches('=').to_owned(),
        equality,
    })
}

fn aggregation(word: &Word) -> Result<Aggregation, CommandError> {
    match word.text.as_str() {
        "avg" => Ok(Aggregation::Avg),
        "sum" => Ok(Aggregation::Sum),
        "min" => Ok(Aggregation::Min),
        "max" => Ok(Aggregation::Max),
        _ => Err(wrong(word, "one of `avg`, `sum`, `min` and `max`")),
    }
}

#[async_trait]
impl Stage for Ask {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        let services = &call.services;
        match *self {
            Self::Snapshot {
                name,
                factor,
                query,
            } => {
                let measured = measure(*query, factor, call).await?;
                services.record_series(&name, &measured)?;
                let entries = measured.entries.len();
                let said = format!("{entries} entries added to time series {name}.");
                Ok(Flow::lines([said]))
            }
            Self::Get(options) => {
                let rows = services.series(&options)?;
                let rows = rows
                    .into_iter()
                    .map(|row| json!({"at": normalise(row.at), "group": row.group, "v": row.v}));
                Ok(Flow::values(rows).shown(View::Lines, &["at", "group", "v"]))
            }
            Self::List => {
                let names = services.series_names()?.into_iter();
                let rows = names.map(|(name, times)| json!({"name": name, "measured": times}));
                Ok(Flow::values(rows).shown(View::Lines, &["name", "measured"]))
            }
            Self::Downsample => {
                let gone = services.downsample_series()?;
                Ok(Flow::lines([format!(
                    "{gone} measurements were merged into others."
                )]))
            }
        }
    }
}

async fn measure(query: Query, factor: f64, call: &Call) -> Result<Measured, CommandError> {
    let column = query.preamble.aggregate.as_ref();
    let column = column.and_then(|aggregate| Some(aggregate.functions.first()?.column()));
    let column = column.unwrap_or_default();
    let search = Draft::new(query).request(&call.scene);
    let found = call.services.search(search).await?;
    call.side.read(found.data_age_secs, found.gaps);
    let rows: Vec<Value> = found.elements.try_collect().await?;
    let entries = rows.iter().filter_map(|row| {
        let group = row.get("group").and_then(Value::as_object);
        let group = group.into_iter().flatten();
        Some(SeriesEntry {
            group: group
                .map(|(name, value)| (name.clone(), scalar_text(value)))
                .collect(),
            v: row.get(&*column)?.as_f64()? / factor,
        })
    });
    Ok(Measured {
        at: call.scene.now,
        entries: entries.collect(),
    })
}
