//! The prompt: line editing and history. What a line means is the core's business.
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use rustyline::config::{CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Completer, Editor, Helper, Highlighter, Hinter, Validator};
use stocktake_client::{Client, Info};
use stocktake_model::Duration as Age;
use tokio::runtime::Runtime;

use crate::session::Session;

/// Words that keep a line out of the history file.
const SECRET_WORDS: [&str; 4] = ["password", "token", "secret", "--auth"];
/// Lines kept in the history file.
const HISTORY: usize = 2000;

/// What rustyline asks for; completion needs a graph on the other side and comes with it.
#[derive(Completer, Helper, Highlighter, Hinter, Validator)]
struct Nothing;

/// Reads and runs lines until `quit` or end of input. Returns the exit code of the program.
pub(crate) fn run(session: &Session, client: &Client, runtime: &Runtime) -> Result<u8> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(HISTORY)
        .context("the history has a size")?
        .build();
    let mut editor: Editor<Nothing, FileHistory> =
        Editor::with_config(config).context("the terminal cannot be used for editing lines")?;
    let history = history_file();
    if let Some(file) = &history {
        // The first start has none yet.
        let _ = editor.load_history(file);
    }
    loop {
        let info = runtime.block_on(client.info()).unwrap_or_default();
        match editor.readline(&prompt(&info)) {
            Ok(line) => {
                let line = line.trim();
                if matches!(line, "quit" | "exit") {
                    break;
                }
                if line.is_empty() {
                    continue;
                }
                remember(&mut editor, line, history.as_deref());
                runtime.block_on(session.line(line));
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error).context("the terminal cannot be read"),
        }
    }
    Ok(0)
}

/// `stocktake 3 clusters 4min> `
fn prompt(info: &Info) -> String {
    let age = info.data_age_secs.map(|secs| {
        let secs = i64::try_from(secs).unwrap_or(i64::MAX);
        // Seconds would change with every prompt and tell nothing.
        let coarse = if secs < 60 {
            "now".to_owned()
        } else {
            Age::from_seconds(secs - secs % 60).as_age()
        };
        format!(" {coarse}")
    });
    let noun = if info.accounts == 1 {
        "cluster"
    } else {
        "clusters"
    };
    format!(
        "stocktake {} {noun}{}> ",
        info.accounts,
        age.unwrap_or_default()
    )
}

fn remember(editor: &mut Editor<Nothing, FileHistory>, line: &str, file: Option<&std::path::Path>) {
    let lower = line.to_lowercase();
    if SECRET_WORDS.iter().any(|word| lower.contains(word)) {
        return;
    }
    // A history that cannot be kept is no reason to refuse the line.
    let _ = editor.add_history_entry(line);
    if let Some(file) = file {
        let _ = file.parent().map(std::fs::create_dir_all);
        let _ = editor.append_history(file);
    }
}

/// `$XDG_STATE_HOME/stocktake/history`, else `~/.local/state/stocktake/history`.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").filter(|value| !value.is_empty());
    let base = match state {
        Some(state) => PathBuf::from(state),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".local/state"),
    };
    Some(base.join("stocktake/history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_tells_how_old_the_data_is() {
        let info = |accounts, data_age_secs| Info {
            accounts,
            data_age_secs,
            ..Info::default()
        };
        assert_eq!(prompt(&info(0, None)), "stocktake 0 clusters> ");
        assert_eq!(prompt(&info(1, Some(59))), "stocktake 1 cluster now> ");
        assert_eq!(
            prompt(&info(3, Some(3 * 3600 + 61))),
            "stocktake 3 clusters 3h1min> "
        );
    }
}
