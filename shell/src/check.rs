//! `stocktake check`: reads command lines and runs none of them, for people who keep queries and jobs in git.
//!
//! It needs neither a core nor a cluster, and changes nothing.
use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use stocktake_core::Checker;
use stocktake_worker::models;

use crate::args::Args;
use crate::embed;

/// Checks the lines of these files, or of standard input: one JSON object per line. Gives back the exit code, 2 if
/// one of them is wrong. Empty lines and lines that begin with `#` are skipped.
pub(crate) fn run(args: &Args, files: &[PathBuf]) -> Result<u8> {
    let checker = checker(args);
    let mut code = 0;
    if files.is_empty() {
        return check(&checker, io::stdin().lock().lines());
    }
    for file in files {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read `{}`", file.display()))?;
        code = code.max(check(
            &checker,
            text.lines().map(|line| Ok(line.to_owned())),
        )?);
    }
    Ok(code)
}

/// What is not there, or in use, does not help: the built-in kinds do.
fn checker(args: &Args) -> Checker {
    let checker = Checker::new(models().into_iter().map(|(_, model)| model));
    let Ok(directory) = embed::data_dir(args) else {
        return checker;
    };
    checker
        .with_record(&directory)
        .unwrap_or_else(|(checker, why)| {
            tracing::info!(why, "the lines are read against the built-in kinds only");
            checker
        })
}

fn check(checker: &Checker, lines: impl Iterator<Item = io::Result<String>>) -> Result<u8> {
    let mut out = io::stdout().lock();
    let mut code = 0;
    for line in lines {
        let line = line.context("cannot read the lines")?;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (verdict, ended) = verdict(checker, line);
        code = code.max(ended);
        writeln!(out, "{verdict}")?;
    }
    Ok(code)
}

fn verdict(checker: &Checker, line: &str) -> (Value, u8) {
    match checker.check(line) {
        Ok(canonical) => (json!({"line": line, "ok": true, "canonical": canonical}), 0),
        Err(error) => {
            let span = error.span.map(|span| [span.start, span.end]);
            let (message, hint) = (error.message, error.hint);
            let verdict =
                json!({"line": line, "ok": false, "error": message, "span": span, "hint": hint});
            (verdict, 2)
        }
    }
}
