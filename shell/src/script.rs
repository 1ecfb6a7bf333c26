//! Lines that nobody types: from `-c` or standard input.
use std::io::{self, IsTerminal as _};

use crate::args::Args;
use crate::local::Local;
use crate::session::{CANCELLED, Seat, Session};

/// Exit code of an answer from partial data.
const PARTIAL: u8 = 3;

/// Whether a person types, or something else does.
pub(crate) fn seat(args: &Args) -> Seat {
    if args.lines.is_empty() && io::stdin().is_terminal() {
        Seat::Prompt
    } else {
        Seat::Script
    }
}

/// Runs lines one after the other, each to its end. Empty lines and lines that begin with `#` are skipped.
///
/// Every line runs, also after one that failed; the exit code is that of the first that failed, or else says that an
/// answer was a partial one. Ctrl-C ends them all.
pub(crate) async fn lines(
    session: &Session,
    lines: impl Iterator<Item = io::Result<String>>,
) -> u8 {
    let mut code = 0;
    for line in lines {
        let Ok(line) = line else { return 1 };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match Local::of(line) {
            Some(Local::Leave) => break,
            // There is no screen.
            Some(Local::Clear) => continue,
            None => {}
        }
        let ended = session.line(line).await;
        if ended == CANCELLED {
            return ended;
        }
        if code == 0 || (code == PARTIAL && ended != 0) {
            code = ended;
        }
    }
    code
}
