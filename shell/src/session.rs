//! One person, or one script, talking to one core: sends lines, shows answers, opens editors, writes files.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures::StreamExt as _;
use stocktake_client::{Client, Execute};
use tokio::signal::unix::{SignalKind, signal};

use crate::answer::{Answer, Edit, Ended, Lines, Reader};
use crate::editor;
use crate::files::{self, NoPlace};
use crate::render::{Place, Screen};

/// A conversation with one core.
pub(crate) struct Session {
    client: Client,
    screen: Screen,
    user: String,
    seat: Seat,
}

/// Who sits in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seat {
    /// A person at a prompt.
    Prompt,
    /// A script, a pipe, `-c`.
    Script,
}

/// Exit code of a line that Ctrl-C broke off, as shells have it.
pub(crate) const CANCELLED: u8 = 130;

/// Silence after which lines that wait are shown.
const IDLE: Duration = Duration::from_millis(250);

impl Session {
    /// A conversation over `client`.
    pub(crate) fn new(client: Client, screen: Screen, seat: Seat) -> Self {
        Self {
            client,
            screen,
            user: crate::who::user(),
            seat,
        }
    }

    /// Runs one line to its end and gives back its exit code.
    pub(crate) async fn line(&self, line: &str) -> u8 {
        self.told(line, Lines::Answer).await
    }

    /// Collects for the first time. Nobody typed that, so what it says goes to standard error and is not taken for an answer.
    pub(crate) async fn first_collection(&self) -> u8 {
        self.screen.aside(
            "nothing is collected yet: asking every cluster what it has (Ctrl-C stops waiting)",
        );
        self.told("workflows run --wait collect", Lines::Aside)
            .await
    }

    async fn told(&self, line: &str, lines: Lines) -> u8 {
        if let Some((refused, span)) = files::unwritable(line) {
            let place = Place { line, span };
            let hint = Some(refused.hint());
            self.screen.error(&refused.to_string(), Some(place), hint);
            return 2;
        }
        let mut edited = None;
        let code = match self.converse(line, lines, &mut edited).await {
            Ok(code) => code,
            Err(error) => {
                let refused = error.downcast_ref::<NoPlace>();
                let hint = refused.map(NoPlace::hint);
                self.screen.error(&format!("{error:#}"), None, hint);
                if refused.is_some() { 2 } else { 1 }
            }
        };
        if let Some(edited) = edited.filter(|_| code != 0) {
            self.keep(&edited);
        }
        code
    }

    /// What a person wrote and the core did not take is not thrown away.
    fn keep(&self, edited: &str) {
        match editor::keep(edited) {
            Ok(path) => self
                .screen
                .aside(&format!("your text is kept in `{}`", path.display())),
            Err(error) => self.screen.error(&format!("{error:#}"), None, None),
        }
    }

    /// Sends the line again as long as the core asks for something it needs. `edited` is the last text that came from an
    /// editor.
    async fn converse(&self, line: &str, lines: Lines, edited: &mut Option<String>) -> Result<u8> {
        let mut line = line.to_owned();
        let mut files = BTreeMap::new();
        loop {
            match self.exchange(&line, files.clone(), lines).await? {
                Ended::Code(code) => return Ok(code),
                Ended::Files(names) => {
                    let new = files::upload(&names)?;
                    if new.keys().all(|name| files.contains_key(name)) {
                        anyhow::bail!(
                            "the core asks for the same files again: {}",
                            names.join(", ")
                        );
                    }
                    files.extend(new);
                }
                Ended::Edit(edit) => {
                    let Edit {
                        id,
                        text,
                        file,
                        follow_up,
                    } = edit;
                    let new = editor::edit(&id, &text)?;
                    if new == text {
                        self.screen.aside("nothing was changed");
                        return Ok(u8::from(edited.is_some()));
                    }
                    *edited = Some(new.clone());
                    files = BTreeMap::from([(file, new)]);
                    line = follow_up;
                }
            }
        }
    }

    async fn exchange(
        &self,
        line: &str,
        files: BTreeMap<String, String>,
        lines: Lines,
    ) -> Result<Ended> {
        let started = Instant::now();
        let execute = Execute {
            line: line.to_owned(),
            user: self.user.clone(),
            prompt: self.seat == Seat::Prompt,
            width: terminal_width(),
            env: BTreeMap::new(),
            files,
        };
        let mut interrupts = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
        let mut outputs = tokio::select! {
            outputs = self.client.execute(&execute) => outputs?,
            _ = interrupts.recv() => return Ok(self.cancelled("cancelled")),
        };
        let mut answer = Answer::new(self.screen, lines, self.seat);
        loop {
            // In this order: an answer that never pauses must not hide a Ctrl-C, and a pause is one only if nothing came.
            let reader = tokio::select! {
                biased;
                _ = interrupts.recv() => {
                    // First: it tells the core to stop.
                    drop(outputs);
                    let means = answer.break_off();
                    return Ok(self.cancelled(&means));
                }
                output = outputs.next() => match output {
                    Some(output) => answer.take(output?)?,
                    None => break,
                },
                () = tokio::time::sleep(IDLE), if answer.waits() => answer.idle(),
            };
            if reader == Reader::Gone {
                drop(outputs);
                answer.break_off();
                return Ok(Ended::Code(0));
            }
        }
        answer.end(self.seat, started)
    }

    fn cancelled(&self, means: &str) -> Ended {
        self.screen.aside(means);
        Ended::Code(CANCELLED)
    }
}

/// Columns of the terminal on standard output, if it is one.
fn terminal_width() -> Option<u16> {
    let terminal = console::Term::stdout();
    terminal.is_term().then(|| terminal.size().1)
}
