//! One person, or one script, talking to one core: sends lines, shows answers, opens editors, writes files.
use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Result;
use futures::StreamExt as _;
use stocktake_client::{Client, ClientError, Execute};
use stocktake_command::Output;

use crate::editor;
use crate::files::{self, Written};
use crate::progress::Bars;
use crate::render::{self, Place, Screen};

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

/// Where the lines of an answer go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// To standard output: somebody asked.
    Answer,
    /// To standard error.
    Aside,
}

/// What one exchange with the core ended with.
enum Ended {
    /// With this exit code.
    Code(u8),
    /// The core needs files before it can run the line.
    Files(Vec<String>),
    /// A text is to be edited, and what to send then.
    Edit {
        id: String,
        text: String,
        file: String,
        follow_up: String,
    },
}

impl Session {
    /// A conversation over `client`.
    pub(crate) fn new(client: Client, screen: Screen, seat: Seat) -> Self {
        let user = ["USER", "LOGNAME"]
            .iter()
            .find_map(|name| std::env::var(name).ok());
        Self {
            client,
            screen,
            user: user.unwrap_or_else(|| "unknown".to_owned()),
            seat,
        }
    }

    /// Runs one line to its end and gives back its exit code.
    pub(crate) async fn line(&self, line: &str) -> u8 {
        self.told(line, Lines::Answer).await
    }

    /// The same for a line nobody typed: what it says goes to standard error, so that it is not taken for an answer.
    pub(crate) async fn aside(&self, line: &str) -> u8 {
        self.told(line, Lines::Aside).await
    }

    async fn told(&self, line: &str, lines: Lines) -> u8 {
        match self.converse(line, lines).await {
            Ok(code) => code,
            Err(error) => {
                self.screen.error(&format!("{error:#}"), None, None);
                1
            }
        }
    }

    /// Sends the line again as long as the core asks for something it needs.
    async fn converse(&self, line: &str, lines: Lines) -> Result<u8> {
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
                Ended::Edit {
                    id,
                    text,
                    file,
                    follow_up,
                } => {
                    let edited = editor::edit(&id, &text)?;
                    if edited == text {
                        self.screen.aside("nothing was changed");
                        return Ok(0);
                    }
                    files = BTreeMap::from([(file, edited)]);
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
        let mut outputs = self.client.execute(&execute).await?;
        let mut answer = Answer::new(self.screen, lines);
        loop {
            tokio::select! {
                output = outputs.next() => match output {
                    Some(output) => answer.take(output?)?,
                    None => break,
                },
                _ = tokio::signal::ctrl_c() => {
                    answer.bars.clear();
                    self.screen.aside("cancelled");
                    return Ok(Ended::Code(1));
                }
            }
            if answer.unread {
                return Ok(Ended::Code(0));
            }
        }
        answer.end(self.seat, started)
    }
}

/// Columns of the terminal on standard output, if it is one.
fn terminal_width() -> Option<u16> {
    let terminal = console::Term::stdout();
    terminal.is_term().then(|| terminal.size().1)
}

/// The outputs of one line on their way to the screen.
struct Answer {
    screen: Screen,
    lines: Lines,
    bars: Bars,
    written: Written,
    ended: Option<Ended>,
    done: Option<Output>,
    /// True once nobody reads standard output any more.
    unread: bool,
}

impl Answer {
    fn new(screen: Screen, lines: Lines) -> Self {
        Self {
            screen,
            lines,
            bars: Bars::new(screen),
            written: Written::default(),
            ended: None,
            done: None,
            unread: false,
        }
    }

    fn take(&mut self, output: Output) -> Result<()> {
        match output {
            Output::Text { line } => match self.lines {
                Lines::Answer => self.unread = render::text(&line).is_err(),
                Lines::Aside => self.screen.aside(&line),
            },
            Output::File {
                name,
                content,
                mode,
            } => self.written.take(&name, &content, mode)?,
            Output::Note { message } => self.screen.note(&message),
            Output::Progress(progress) => self.bars.update(&progress),
            Output::Error {
                message,
                span,
                line,
                hint,
                ..
            } => {
                self.bars.clear();
                let place = line
                    .as_deref()
                    .zip(span)
                    .map(|(line, span)| Place { line, span });
                self.screen.error(&message, place, hint.as_deref());
            }
            Output::NeedFiles { names } => self.ended = Some(Ended::Files(names)),
            Output::Edit {
                id,
                text,
                file,
                follow_up,
                ..
            } => {
                self.ended = Some(Ended::Edit {
                    id,
                    text,
                    file,
                    follow_up,
                });
            }
            Output::Done { .. } => self.done = Some(output),
        }
        Ok(())
    }

    fn end(mut self, seat: Seat, started: Instant) -> Result<Ended> {
        self.bars.clear();
        if let Some(ended) = self.ended {
            return Ok(ended);
        }
        let Some(done) = self.done else {
            return Err(ClientError::Broken("the answer has no end".to_owned()).into());
        };
        let Output::Done { exit_code, .. } = done else {
            unreachable!("only `Done` is kept there")
        };
        if exit_code == 0 || exit_code == 3 {
            for name in self.written.finish()? {
                self.screen.aside(&format!("wrote `{name}`"));
            }
        }
        // A reader that is gone is no error: `stocktake -c … | head`.
        let _ = render::flush();
        if seat == Seat::Prompt && self.lines == Lines::Answer {
            self.screen.summary(&done, started.elapsed());
        }
        Ok(Ended::Code(exit_code))
    }
}
