//! The person's pager: `$PAGER`, or `less` that leaves by itself when a screen is enough.
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// What is used where `PAGER` is not set: quit if one screen, keep colours, leave the text on the screen.
const DEFAULT: &str = "less -FRX";

/// A pager that runs.
pub(crate) struct Pager {
    child: Child,
    input: Option<ChildStdin>,
}

impl Pager {
    /// Starts the pager; `None` if there is none, or `PAGER` is empty or `cat`.
    pub(crate) fn start() -> Option<Self> {
        let wanted = std::env::var("PAGER").unwrap_or_else(|_| DEFAULT.to_owned());
        let program = wanted
            .split_whitespace()
            .next()
            .filter(|&name| name != "cat")?;
        // A pager that cannot be run would take the answer with it.
        if !on_path(program) {
            return None;
        }
        let mut child = Command::new("sh")
            .args(["-c", &wanted])
            .stdin(Stdio::piped())
            .spawn()
            .ok()?;
        let input = child.stdin.take();
        Some(Self { child, input })
    }

    /// Gives it a line. An error means that the person has seen enough.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        let Some(input) = &mut self.input else {
            return Ok(());
        };
        input.write_all(line.as_bytes())?;
        input.write_all(b"\n")
    }

    /// Waits until the person leaves it.
    pub(crate) fn end(mut self) {
        drop(self.input.take());
        // One that is gone already has nothing left to show.
        let _ = self.child.wait();
    }
}

/// Whether a program can be started by this name.
pub(crate) fn on_path(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_looked_for_where_the_system_would() {
        assert!(on_path("sh"));
        assert!(on_path("/bin/sh"));
        assert!(!on_path("no-such-pager"));
        assert!(!on_path("/bin"));
    }
}
