//! A fuzz target for everything that reads text: `cargo run --release -p stocktake-query --example fuzz -- [SECONDS] [SEED]`.
//!
//! It damages the queries of the conformance lists again and again. A text that is answered in a way not seen before
//! joins the corpus, so that the next ones begin where it got to. It ends at the first text that makes a reader panic, an error
//! that points nowhere, or a printed query that is read back differently, and prints that text.
use std::collections::HashSet;
use std::env;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::mem;
use std::panic;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use stocktake_query::{
    Span, SyntaxError, parse, parse_aggregate, parse_columns, parse_limit, parse_path, parse_sort,
    parse_template, parse_with_notes, suggest,
};

const LISTS: [&str; 2] = [
    include_str!("../tests/accept.txt"),
    include_str!("../tests/reject.txt"),
];
/// What queries are made of, and some things they are not made of.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "is(", "id(", "all", "not ", " and ", " or ", "a.b", "x[*]", ".{", "{", "}", "(", ")", "[", "]", " = ", "=~", "!=",
    "<", "<=", " in ", " any ", "\"t\"", "\"", "'", "`", "1", "-2", "3.5", "3d", ",", ":", "..", "-->", "<--", "<-->",
    "-[1:2]->", "<-[0:]-", "delete", " sort ", "desc", " limit ", " reversed", " #", "with(", "empty", "count",
    "aggregate(", "sum(", " as ", "*", "/", "has_key(", "in_subnet(", "expand(", "{{", "}}", "@", "é", "\u{1f600}",
    "\u{0}", "\\", "\n", "\t", "null", "true", "9999999999999999999", "1e400", "::1/128",
];
/// Longer texts only repeat themselves.
const LONGEST: usize = 400;
/// The corpus is thinned out when it is larger.
const MOST: usize = 20_000;

fn main() -> io::Result<ExitCode> {
    let mut arguments = env::args().skip(1).map(|text| text.parse::<u64>());
    let (seconds, seed) = match (arguments.next(), arguments.next()) {
        (None, _) => (60, 1),
        (Some(Ok(seconds)), None) => (seconds, 1),
        (Some(Ok(seconds)), Some(Ok(seed))) => (seconds, seed),
        _ => {
            writeln!(
                io::stderr(),
                "the arguments are numbers: seconds, and a seed"
            )?;
            return Ok(ExitCode::from(2));
        }
    };
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut random = SmallRng::seed_from_u64(seed);
    let mut corpus: Vec<String> = LISTS
        .iter()
        .flat_map(|list| list.lines().filter_map(|line| line.strip_prefix("> ")))
        .map(str::to_owned)
        .collect();
    let mut answers = HashSet::new();
    let (mut tried, mut read) = (0_u64, 0_u64);
    while Instant::now() < end {
        let text = damaged(&corpus, &mut random);
        let outcome = panic::catch_unwind(|| survives(&text));
        let answer = match outcome {
            Ok(Ok(answer)) => answer,
            Ok(Err(why)) => return found(&text, &why, seed, tried),
            Err(_) => return found(&text, "it panics", seed, tried),
        };
        tried += 1;
        read += u64::from(answer.starts_with('+'));
        if answers.insert(answer) {
            corpus.push(text);
        }
        if corpus.len() > MOST {
            let keep: Vec<String> = corpus
                .choose_multiple(&mut random, MOST / 2)
                .cloned()
                .collect();
            corpus = keep;
        }
    }
    writeln!(
        io::stdout(),
        "{tried} texts in {seconds} s, {read} of them queries, {} ways of answering, nothing found (seed {seed})",
        answers.len()
    )?;
    Ok(ExitCode::SUCCESS)
}

fn found(text: &str, why: &str, seed: u64, tried: u64) -> io::Result<ExitCode> {
    writeln!(
        io::stdout(),
        "after {tried} texts with seed {seed}: {why}\n{text:?}"
    )?;
    Ok(ExitCode::FAILURE)
}

/// A text of the corpus with something taken out, put in, doubled, or joined to another one.
fn damaged(corpus: &[String], random: &mut SmallRng) -> String {
    let mut text = corpus.choose(random).cloned().unwrap_or_default();
    for _ in 0..random.random_range(1..4) {
        let (from, to) = (place(&text, random), place(&text, random));
        let range = from.min(to)..from.max(to);
        match random.random_range(0..6) {
            0 => text.replace_range(range, ""),
            1 => text.insert_str(from, WORDS.choose(random).copied().unwrap_or_default()),
            2 => text.replace_range(range, WORDS.choose(random).copied().unwrap_or_default()),
            3 => {
                let doubled = text[range].to_owned();
                text.insert_str(to, &doubled);
            }
            4 => {
                let sign = char::from(random.random_range(b' '..=b'~'));
                text.insert(from, sign);
            }
            _ => {
                let other = corpus.choose(random).cloned().unwrap_or_default();
                let cut = place(&other, random);
                text.truncate(from);
                text.push_str(&other[cut..]);
            }
        }
    }
    let end = (0..=text.len().min(LONGEST))
        .rev()
        .find(|&at| text.is_char_boundary(at));
    text.truncate(end.unwrap_or(0));
    text
}

/// A boundary between two characters.
fn place(text: &str, random: &mut SmallRng) -> usize {
    let wanted = random.random_range(0..=text.len());
    (0..=wanted)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

/// Runs every reader over a text; gives back how it was answered, or what is wrong with the answer.
fn survives(text: &str) -> Result<String, String> {
    let mut answer = String::new();
    match parse(text) {
        Ok(query) => {
            let printed = query.to_string();
            if parse(&printed) != Ok(query) {
                return Err(format!(
                    "it is printed as {printed:?}, which is read differently"
                ));
            }
            answer.push('+');
            answer.extend(shape(&printed));
        }
        Err(error) => {
            points_somewhere(text, &error)?;
            // The sort of mistake, without the words of the text.
            let sort = mem::discriminant(&error.kind);
            let _ = write!(answer, "{sort:?} {:?}", error.expected());
        }
    }
    let errors = [
        parse_with_notes(text).err(),
        parse_aggregate(text).err(),
        parse_sort(text).err(),
        parse_path(text).err(),
        parse_limit(text).err(),
        parse_columns(text).err(),
        parse_template(text).err(),
    ];
    errors
        .iter()
        .flatten()
        .try_for_each(|error| points_somewhere(text, error))?;
    let cursor = text.len() / 2;
    let offer = suggest(text, cursor);
    if text.get(offer.span.start..offer.span.end) != Some(offer.word.as_str()) {
        return Err(format!("completion at {cursor} speaks of {:?}", offer.word));
    }
    Ok(answer)
}

fn points_somewhere(text: &str, error: &SyntaxError) -> Result<(), String> {
    let Span { start, end } = error.span;
    match text.get(start..end) {
        Some(_) if !error.to_string().is_empty() => Ok(()),
        _ => Err(format!("the error `{error}` points to {start}..{end}")),
    }
}

/// The text without names and numbers: what it is made of.
fn shape(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut inside = false;
    text.chars().filter_map(move |c| {
        let plain = c.is_alphanumeric() || c == '_';
        let first = !mem::replace(&mut inside, plain);
        match plain {
            true if first => Some('a'),
            true => None,
            false => Some(c),
        }
    })
}
