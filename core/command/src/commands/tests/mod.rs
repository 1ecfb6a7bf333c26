//! Lines as people type them, run against the fixture: the registry, every example, and what is printed.
mod acting;
mod archiving;
mod asking;
mod changing;
mod habits;
mod keeping;
mod lines;
mod making;
mod searching;
mod sending;

use std::sync::Arc;

use expect_test::Expect;
use futures::StreamExt as _;
use futures::executor::block_on;

use super::*;
use crate::fixture::Fixture;
use crate::{Context, Output, Terminal, check as check_line, execute};

fn outputs(context: Context, fixture: &Arc<Fixture>) -> Vec<Output> {
    block_on(execute(context, fixture.clone()).collect())
}

fn run(line: &str, fixture: &Arc<Fixture>) -> Vec<Output> {
    let context = Context {
        line: line.to_owned(),
        user: "ada".to_owned(),
        ..Context::default()
    };
    outputs(context, fixture)
}

/// What a client would show: text as it is, everything else with a word in front.
fn shown(outputs: &[Output]) -> String {
    let line = |output: &Output| match output {
        Output::Text { line } => format!("{}\n", line.replace('\r', "\\r")),
        Output::Note { message } => format!("note: {message}\n"),
        Output::Error {
            message,
            span,
            hint,
            code,
            ..
        } => {
            let at = span
                .map(|(start, end)| format!("{start}..{end} "))
                .unwrap_or_default();
            let hint = hint
                .as_ref()
                .map(|hint| format!("  hint: {hint}\n"))
                .unwrap_or_default();
            format!("error {code}: {at}{message}\n{hint}")
        }
        Output::File {
            name,
            content,
            mode,
        } => format!("file {name} {mode:?}: {content:?}\n"),
        Output::Picture { text } => format!("picture: {text}"),
        Output::Leave { message } => format!("leave: {message}\n"),
        Output::NeedFiles { names } => format!("need {names:?}\n"),
        Output::Progress(progress) => format!("progress {}/{}\n", progress.done, progress.total),
        Output::Edit {
            text, follow_up, ..
        } => format!("edit, then {follow_up}\n{text}"),
        Output::Done { exit_code: 0, .. } => String::new(),
        Output::Done { exit_code, .. } => format!("exit {exit_code}\n"),
    };
    outputs.iter().map(line).collect()
}

#[track_caller]
fn check(line: &str, expected: Expect) {
    expected.assert_eq(&shown(&run(line, &Arc::default())));
}

/// The queries a line comes down to.
#[track_caller]
fn asks(line: &str, expected: Expect) {
    let fixture = Arc::default();
    run(line, &fixture);
    expected.assert_eq(&fixture.asked.lock().unwrap().join("\n"));
}

#[test]
fn names_are_sorted_and_unique() {
    assert!(COMMANDS.is_sorted_by(|a, b| a.spec().name < b.spec().name));
    let mut names: Vec<&str> = COMMANDS
        .iter()
        .flat_map(|one| std::iter::once(&one.spec().name).chain(one.spec().aliases))
        .copied()
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "an alias is taken");
}

/// Every command the language is to have.
const WANTED: &str = "aggregate ancestors audit certificate chunk clean configs count descendants dump echo env flatten \
    format graph head help history http https jobs jq json kinds limit list predecessors protect restore search set_desired \
    set_metadata show sleep sort successors system tag tail templates timeseries tip tree uniq unprotect welcome workflows write";

#[test]
fn every_command_is_there() {
    for name in WANTED.split_whitespace() {
        assert!(command(name).is_some(), "`{name}`");
    }
}

#[test]
fn every_example_can_be_typed_and_prints_what_it_claims() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    for command in COMMANDS {
        let spec = command.spec();
        let examples = spec.examples.len();
        assert!(examples >= 3, "`{}` has {examples} examples", spec.name);
        for example in spec.examples {
            let context = Context {
                line: example.line.to_owned(),
                ..Context::default()
            };
            let fixture = Arc::new(Fixture::default());
            if let Err(error) = check_line(&context, &*fixture) {
                panic!("{}: {error}", example.line);
            }
            if !example.prints.is_empty() {
                let printed = runtime.block_on(execute(context, fixture).collect::<Vec<_>>());
                let printed: String = printed
                    .iter()
                    .filter_map(|output| match output {
                        Output::Text { line } => Some(format!("{line}\n")),
                        _ => None,
                    })
                    .collect();
                assert_eq!(printed, example.prints, "{}", example.line);
            }
        }
    }
}
