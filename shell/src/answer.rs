//! The outputs of one line on their way to the person: lines to the page, the rest to standard error.
use std::time::Instant;

use anyhow::Result;
use stocktake_client::ClientError;
use stocktake_command::Output;

use crate::files::Written;
use crate::page::Page;
use crate::picture;
use crate::progress::Bars;
use crate::render::{Place, Screen};
use crate::session::Seat;

/// Where the lines of an answer go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// To standard output: somebody asked.
    Answer,
    /// To standard error.
    Aside,
}

/// What one exchange with the core ended with.
pub(crate) enum Ended {
    /// With this exit code.
    Code(u8),
    /// The core needs files before it can run the line.
    Files(Vec<String>),
    /// A text is to be edited, and what to send then.
    Edit(Edit),
}

/// A text to edit, and what to do with what comes of it.
pub(crate) struct Edit {
    /// Id of the document.
    pub(crate) id: String,
    /// The text.
    pub(crate) text: String,
    /// Name to upload the changed text under.
    pub(crate) file: String,
    /// Line to send with it.
    pub(crate) follow_up: String,
}

/// An answer that is on its way.
pub(crate) struct Answer {
    screen: Screen,
    lines: Lines,
    page: Page,
    bars: Bars,
    written: Written,
    /// Graphs to draw once everything is there.
    pictures: Vec<String>,
    ended: Option<Ended>,
    done: Option<Output>,
    /// Hints and errors that came while a pager had the terminal.
    later: Vec<Output>,
    /// What it means to break it off, if not that it is cancelled.
    leave: Option<String>,
}

/// Whether anybody still reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody does.
    There,
    /// Standard output is closed, or the pager was left.
    Gone,
}

impl Answer {
    /// An answer of which nothing has come yet.
    pub(crate) fn new(screen: Screen, lines: Lines, seat: Seat) -> Self {
        Self {
            screen,
            lines,
            page: Page::new(screen, seat),
            bars: Bars::new(screen, lines),
            written: Written::default(),
            pictures: Vec::new(),
            ended: None,
            done: None,
            later: Vec::new(),
            leave: None,
        }
    }

    /// Takes the next output.
    pub(crate) fn take(&mut self, output: Output) -> Result<Reader> {
        match output {
            // Which workflow collects, and under which id, is nothing for the first minute.
            Output::Text { line }
                if self.lines == Lines::Aside && line.starts_with("workflow `") => {}
            Output::Text { line } => return Ok(self.line(line)),
            Output::File {
                name,
                content,
                mode,
            } => self.written.take(&name, &content, mode)?,
            Output::Note { .. } | Output::Error { .. } if self.page.pages() => {
                self.later.push(output);
            }
            Output::Progress(_) if self.page.pages() => {}
            Output::Progress(progress) => self.bars.update(&progress),
            Output::Note { .. } | Output::Error { .. } => self.tell(&output),
            Output::Leave { message } => self.leave = Some(message),
            Output::Picture { text } => self.pictures.push(text),
            Output::NeedFiles { names } => self.ended = Some(Ended::Files(names)),
            Output::Edit {
                id,
                text,
                file,
                follow_up,
                ..
            } => {
                self.ended = Some(Ended::Edit(Edit {
                    id,
                    text,
                    file,
                    follow_up,
                }));
            }
            Output::Done { .. } => self.done = Some(output),
        }
        Ok(Reader::There)
    }

    fn line(&mut self, line: String) -> Reader {
        let Self { screen, page, .. } = self;
        let put = || match self.lines {
            Lines::Answer => page.line(line),
            Lines::Aside => {
                screen.aside(&line);
                Ok(())
            }
        };
        match self.bars.around(put) {
            Ok(()) => Reader::There,
            Err(_) => Reader::Gone,
        }
    }

    /// A hint or an error.
    fn tell(&mut self, output: &Output) {
        let screen = self.screen;
        if matches!(output, Output::Error { .. }) {
            self.bars.clear();
            // What was answered before stands above it.
            let _ = self.page.idle();
        }
        self.bars.around(|| say(screen, output));
    }

    /// Whether lines wait to be seen.
    pub(crate) fn waits(&self) -> bool {
        self.page.waits()
    }

    /// Nothing came for a while.
    pub(crate) fn idle(&mut self) -> Reader {
        match self.page.idle() {
            Ok(()) => Reader::There,
            Err(_) => Reader::Gone,
        }
    }

    /// The person, or the reader, broke it off. Files that were begun are dropped. Gives back what that means.
    pub(crate) fn break_off(self) -> String {
        let Self {
            mut bars,
            page,
            leave,
            ..
        } = self;
        bars.clear();
        page.end();
        leave.unwrap_or_else(|| "cancelled".to_owned())
    }

    /// The stream is at its end.
    pub(crate) fn end(mut self, seat: Seat, started: Instant) -> Result<Ended> {
        self.bars.clear();
        let took = started.elapsed();
        let later = std::mem::take(&mut self.later);
        let Self {
            screen,
            page,
            written,
            pictures,
            ended,
            done,
            ..
        } = self;
        page.end();
        for output in &later {
            say(screen, output);
        }
        if let Some(ended) = ended {
            return Ok(ended);
        }
        let Some(done) = done else {
            return Err(ClientError::Broken("the answer has no end".to_owned()).into());
        };
        let Output::Done { exit_code, .. } = done else {
            unreachable!("only `Done` is kept there")
        };
        if exit_code == 0 || exit_code == 3 {
            for name in written.finish()? {
                screen.aside(&format!("wrote `{name}`"));
            }
        }
        let mut exit_code = exit_code;
        for graph in &pictures {
            let drawn = picture::show(screen, seat, graph)?;
            exit_code = if exit_code == 0 { drawn } else { exit_code };
        }
        if seat == Seat::Prompt && self.lines == Lines::Answer {
            screen.summary(&done, took);
        }
        Ok(Ended::Code(exit_code))
    }
}

fn say(screen: Screen, output: &Output) {
    match output {
        Output::Note { message } => screen.note(message),
        Output::Error {
            message,
            span,
            line,
            hint,
            ..
        } => {
            let place = line
                .as_deref()
                .zip(*span)
                .map(|(line, span)| Place { line, span });
            screen.error(message, place, hint.as_deref());
        }
        _ => unreachable!("only hints and errors are said"),
    }
}
