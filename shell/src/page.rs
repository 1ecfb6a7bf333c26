//! Where the lines of an answer go: a pipe, a terminal, or a pager. The one place that writes to standard output.
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};

use crate::fit::Fit;
use crate::locale;
use crate::pager::Pager;
use crate::render::Screen;
use crate::session::Seat;
use crate::tint::tint;

/// Bytes held back for a pipe.
const BUFFER: usize = 64 << 10;

/// The lines of one answer on their way out.
pub(crate) struct Page {
    out: BufWriter<Stdout>,
    to: To,
    color: bool,
    fit: Option<Fit>,
    width: usize,
}

/// Where lines go.
enum To {
    /// To a pipe or a file: unchanged, many at a time.
    Pipe,
    /// Not decided: fewer lines than a screen takes have come so far.
    Held {
        lines: Vec<String>,
        height: usize,
        pager: Paging,
    },
    /// To the terminal.
    Terminal,
    /// To the pager.
    Pager(Pager),
}

/// What becomes of an answer that is longer than the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paging {
    Yes,
    No,
}

impl Page {
    /// A page for whoever sits there.
    pub(crate) fn new(screen: Screen, seat: Seat) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let (height, width) = console::Term::stdout().size();
        let pager = if seat == Seat::Prompt {
            Paging::Yes
        } else {
            Paging::No
        };
        let to = if terminal {
            To::Held {
                lines: Vec::new(),
                // The prompt and the summary want their lines as well.
                height: usize::from(height).saturating_sub(3).max(1),
                pager,
            }
        } else {
            To::Pipe
        };
        Self {
            out: BufWriter::with_capacity(BUFFER, stdout),
            to,
            color: screen.colored_answers(),
            fit: None,
            width: usize::from(width),
        }
    }

    /// Takes a line. An error means that nobody reads any more.
    pub(crate) fn line(&mut self, line: String) -> io::Result<()> {
        let To::Held { lines, height, .. } = &mut self.to else {
            return self.put(&line);
        };
        lines.push(line);
        if lines.len() > *height {
            return self.release(Length::MoreThanAScreen);
        }
        Ok(())
    }

    /// Whether lines wait to be seen.
    pub(crate) fn waits(&self) -> bool {
        match &self.to {
            To::Held { lines, .. } => !lines.is_empty(),
            To::Pipe => !self.out.buffer().is_empty(),
            To::Terminal | To::Pager(_) => false,
        }
    }

    /// Nothing came for a while: what is there is shown. A slow answer goes to the terminal as it comes, not to the pager.
    pub(crate) fn idle(&mut self) -> io::Result<()> {
        self.release(Length::AScreen)?;
        self.out.flush()
    }

    /// Whether a pager has the terminal; nothing else may write there then.
    pub(crate) fn pages(&self) -> bool {
        matches!(self.to, To::Pager(_))
    }

    /// Lets go of everything, and waits for the person to leave the pager.
    pub(crate) fn end(mut self) {
        // A reader that is gone is no error: `stocktake -c … | head`.
        let _ = self.idle();
        if let To::Pager(pager) = self.to {
            pager.end();
        }
    }

    fn release(&mut self, length: Length) -> io::Result<()> {
        let To::Held { lines, pager, .. } = &mut self.to else {
            return Ok(());
        };
        if lines.is_empty() {
            return Ok(());
        }
        let lines = std::mem::take(lines);
        let started = match (length, *pager) {
            (Length::MoreThanAScreen, Paging::Yes) => Pager::start(),
            _ => None,
        };
        self.to = started.map_or(To::Terminal, To::Pager);
        let tail = if locale::utf8() { "…" } else { "~" };
        self.fit = Fit::new(&lines[0], &lines[1..], self.width, tail);
        lines.iter().try_for_each(|line| self.put(line))
    }

    fn put(&mut self, line: &str) -> io::Result<()> {
        let fitted = self.fit.as_ref().map(|fit| fit.line(line));
        let line = fitted.as_deref().unwrap_or(line);
        let pipe = matches!(self.to, To::Pipe);
        let spelled = (!pipe && !locale::utf8()).then(|| locale::spelled(line));
        let line = spelled.as_deref().unwrap_or(line);
        let tinted = if self.color { tint(line) } else { line.into() };
        match &mut self.to {
            To::Pager(pager) => pager.line(&tinted),
            To::Terminal => {
                self.out.write_all(tinted.as_bytes())?;
                self.out.write_all(b"\n")?;
                self.out.flush()
            }
            To::Pipe | To::Held { .. } => {
                self.out.write_all(tinted.as_bytes())?;
                self.out.write_all(b"\n")
            }
        }
    }
}

/// How long an answer is, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    AScreen,
    MoreThanAScreen,
}

/// Writes a text of our own to standard output.
pub(crate) fn print(text: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.flush()
}
