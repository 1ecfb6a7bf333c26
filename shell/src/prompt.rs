//! The prompt: line editing and history. What a line means is the core's business.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustyline::config::{ColorMode, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Cmd, Editor, KeyEvent};
use stocktake_client::{Client, Info};
use stocktake_command::Completions;
use stocktake_model::Duration as Age;
use tokio::runtime::Runtime;

use crate::completions::{Ask, ByCore};
use crate::local::Local;
use crate::render::Screen;
use crate::session::Session;
use crate::typing::{self, Typing};

/// Words that keep a line out of the history file.
const SECRET_WORDS: [&str; 4] = ["password", "token", "secret", "--auth"];
/// Lines kept in the history file.
const HISTORY: usize = 2000;

/// How long somebody who pressed Tab waits for the core.
const PATIENCE: Duration = Duration::from_millis(700);

type LineEditor = Editor<Typing, FileHistory>;

/// Reads and runs lines until `quit` or end of input. Returns the exit code of the program.
pub(crate) fn run(
    session: &Session,
    screen: Screen,
    client: &Client,
    runtime: &Arc<Runtime>,
) -> Result<u8> {
    let by_core = ByCore::new(ask(client.clone(), Arc::clone(runtime)));
    let mut editor = editor(
        Typing::new(Box::new(by_core), screen.colored_answers()),
        screen,
    )?;
    let history = history_file();
    if let Some(file) = &history {
        // The first start has none yet.
        let _ = editor.load_history(file);
    }
    loop {
        let info = runtime.block_on(client.info()).unwrap_or_default();
        match editor.readline(&prompt(&info)) {
            Ok(text) => {
                for line in typing::lines(&text) {
                    match Local::of(&line) {
                        Some(Local::Leave) => return Ok(0),
                        Some(Local::Clear) => {
                            editor.clear_screen().context("the terminal is gone")?;
                            continue;
                        }
                        None => {}
                    }
                    remember(&mut editor, &line, history.as_deref());
                    runtime.block_on(session.line(&line));
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(0),
            Err(error) => return Err(error).context("the terminal cannot be read"),
        }
    }
}

fn editor(typing: Typing, screen: Screen) -> Result<LineEditor> {
    let color = if screen.colored_answers() {
        ColorMode::Forced
    } else {
        ColorMode::Disabled
    };
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .color_mode(color)
        .max_history_size(HISTORY)
        .context("the history has a size")?
        .build();
    let mut editor: LineEditor =
        Editor::with_config(config).context("the terminal cannot be used for editing lines")?;
    editor.set_helper(Some(typing));
    editor.bind_sequence(KeyEvent::alt('n'), Cmd::HistorySearchForward);
    editor.bind_sequence(KeyEvent::alt('p'), Cmd::HistorySearchBackward);
    Ok(editor)
}

/// Questions for completion: an answer that comes too late, or not at all, completes nothing.
fn ask(client: Client, runtime: Arc<Runtime>) -> Ask {
    Box::new(move |line, cursor| {
        let asked = async { tokio::time::timeout(PATIENCE, client.complete(line, cursor)).await };
        match runtime.block_on(asked) {
            Ok(Ok(completions)) => completions,
            Ok(Err(_)) | Err(_) => Completions::default(),
        }
    })
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
    let attached = if info.pid == 0 || info.pid == std::process::id() {
        ""
    } else {
        " attached,"
    };
    format!(
        "stocktake{attached} {} {noun}{}> ",
        info.accounts,
        age.unwrap_or_default()
    )
}

fn remember(editor: &mut LineEditor, line: &str, file: Option<&Path>) {
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
        let other = Info {
            pid: std::process::id() + 1,
            ..info(2, None)
        };
        assert_eq!(prompt(&other), "stocktake attached, 2 clusters> ");
    }
}
