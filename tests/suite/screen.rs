//! The program on a pseudo-terminal: what tests type, and what they wait for.
use std::process::Command;
use std::time::Duration;

use expectrl::process::unix::{PtyStream, UnixProcess};
use expectrl::{ControlCode, Eof, Expect as _, Session};
use stocktake_kubernetes_sim::fleet::FleetShape;
use stocktake_tests::Place;

pub(super) const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

/// How long anything may take on a busy machine before it counts as never.
const NEVER: Duration = Duration::from_mins(3);

/// The end of the prompt of a place with one cluster.
pub(super) const PROMPT: &str = "1 cluster now> ";

pub(super) const NO_COLOR: (&str, &str) = ("NO_COLOR", "1");

/// One small cluster.
pub(super) fn place() -> Place {
    let shape = FleetShape {
        clusters: 1,
        objects_per_cluster: 300,
        ..FleetShape::demo()
    };
    Place::new(PROGRAM, &shape)
}

/// The program on a terminal of its own.
pub(super) struct Terminal(Session<UnixProcess, PtyStream>);

impl Terminal {
    /// Starts it with 120 columns, plain unless the environment says otherwise.
    pub(super) fn start(place: &Place, environment: &[(&str, &str)]) -> Self {
        let mut program = place.program();
        program
            .env("TERM", "xterm")
            .env("LANG", "C.UTF-8")
            .envs(environment.iter().copied());
        Self::of(program)
    }

    fn of(program: Command) -> Self {
        let mut session = Session::spawn(program).expect("the program starts");
        session.set_expect_timeout(Some(NEVER));
        let mut terminal = Self(session);
        terminal.resize(120);
        terminal
    }

    pub(super) fn resize(&mut self, columns: u16) {
        let process = self.0.get_process_mut();
        process.set_window_size(columns, 30).expect("it has a size");
    }

    /// Waits for a text; gives back what came before it, without colours.
    #[track_caller]
    pub(super) fn wait(&mut self, text: &str) -> String {
        match self.0.expect(text) {
            Ok(found) => {
                let before = String::from_utf8_lossy(found.before()).into_owned();
                plain(&before)
            }
            Err(error) => panic!("`{text}` never came: {error}\n{}", self.rest()),
        }
    }

    /// What there is to read now.
    pub(super) fn rest(&mut self) -> String {
        let mut buffer = [0; 4096];
        let mut seen = Vec::new();
        while let Ok(count @ 1..) = self.0.try_read(&mut buffer) {
            seen.extend_from_slice(&buffer[..count]);
        }
        plain(&String::from_utf8_lossy(&seen))
    }

    pub(super) fn type_in(&mut self, text: &str) {
        self.0.send(text).expect("the terminal takes it");
    }

    pub(super) fn press(&mut self, key: ControlCode) {
        self.0.send(key).expect("the terminal takes it");
    }

    /// Types a line, and gives back everything up to the next prompt.
    #[track_caller]
    pub(super) fn line(&mut self, line: &str) -> String {
        self.type_in(&format!("{line}\r"));
        // Behind the echo.
        self.wait("\r\n");
        self.wait(PROMPT)
    }

    /// Leaves with Ctrl-D and waits for the end.
    #[track_caller]
    pub(super) fn leave(mut self) {
        self.press(ControlCode::EndOfTransmission);
        self.0.expect(Eof).expect("it ends");
    }
}

/// Text without escape sequences.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
            continue;
        }
        if chars.next() == Some('[') {
            chars.by_ref().find(char::is_ascii_alphabetic);
        }
    }
    out
}
