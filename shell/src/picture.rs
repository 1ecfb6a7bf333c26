//! A graph as a picture: Graphviz draws it, the desktop opens it. Without either it is said what to do.
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::pager::on_path;
use crate::render::Screen;
use crate::session::Seat;

/// Edges from which on the usual layout takes minutes.
const MANY: usize = 500;

/// Draws a graph, and opens the picture if a person sits there and has a desktop. Gives back the exit code.
pub(crate) fn show(screen: Screen, seat: Seat, graph: &str) -> Result<u8> {
    let many = graph.matches(" -> ").count() > MANY;
    let program = if many && on_path("sfdp") {
        "sfdp"
    } else {
        "dot"
    };
    if !on_path(program) {
        screen.error(
            "there is no Graphviz here to draw with: no program `dot`",
            None,
            Some("install it (the package is called `graphviz`), or write the text: `… | format --dot | write graph.dot`"),
        );
        return Ok(1);
    }
    let path = match draw(program, graph)? {
        Ok(path) => path,
        Err(why) => {
            screen.error(
                &format!("`{program}` could not draw this: {why}"),
                None,
                None,
            );
            return Ok(1);
        }
    };
    let opened = seat == Seat::Prompt && opener().is_some_and(|opener| open(opener, &path));
    let word = if opened { "opened" } else { "the picture is" };
    screen.aside(&format!("{word} `{}`", path.display()));
    Ok(0)
}

/// The picture, or what the program said against it.
fn draw(program: &str, graph: &str) -> Result<std::result::Result<PathBuf, String>> {
    let picture = tempfile::Builder::new()
        .prefix("stocktake-")
        .suffix(".svg")
        .tempfile()
        .context("there is no room for a picture")?;
    let mut child = Command::new(program)
        .args(["-Tsvg", "-o"])
        .arg(picture.path())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{program}`"))?;
    let mut input = child.stdin.take().context("it was piped")?;
    // One that gives up before the end says why on standard error.
    let _ = input.write_all(graph.as_bytes());
    drop(input);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Ok(Err(said
            .lines()
            .next()
            .unwrap_or("it was broken off")
            .to_owned()));
    }
    let (_, path) = picture.keep().context("the picture cannot be kept")?;
    Ok(Ok(path))
}

/// What opens files on this desktop, if there is one.
fn opener() -> Option<&'static str> {
    if cfg!(target_os = "macos") {
        return Some("open");
    }
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let desktop = set("DISPLAY") || set("WAYLAND_DISPLAY");
    (desktop && on_path("xdg-open")).then_some("xdg-open")
}

fn open(opener: &str, path: &Path) -> bool {
    let quiet = || Stdio::null();
    let started = Command::new(opener)
        .arg(path)
        .stdin(quiet())
        .stdout(quiet())
        .stderr(quiet())
        .status();
    started.is_ok_and(|status| status.success())
}
