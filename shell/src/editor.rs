//! Opening a text in the person's editor.
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Opens `text` in `$VISUAL`, `$EDITOR` or `vi` and gives back what was saved. `id` names the temporary file,
/// so that editors recognise YAML.
pub(crate) fn edit(id: &str, text: &str) -> Result<String> {
    let file = tempfile::Builder::new()
        .prefix(&format!("{id}-"))
        .suffix(".yaml")
        .tempfile()
        .context("cannot make a temporary file for the editor")?;
    std::fs::write(file.path(), text)?;
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.trim().is_empty())
        .unwrap_or_else(|| "vi".to_owned());
    // `EDITOR="code --wait"` is a command line, as git and kubectl read it.
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg("stocktake")
        .arg(file.path())
        .status()
        .with_context(|| format!("cannot start the editor `{editor}`; set EDITOR to yours"))?;
    match status.code() {
        Some(0) => {}
        // What `sh` says of a program that is not there, or is none.
        Some(126 | 127) => {
            bail!("cannot start the editor `{editor}`; set EDITOR to yours, nothing was changed")
        }
        _ => bail!("the editor `{editor}` ended with {status}; nothing was changed"),
    }
    std::fs::read_to_string(file.path()).context("cannot read what the editor left")
}

/// Keeps a text that was not taken in a file of its own, and tells where.
pub(crate) fn keep(text: &str) -> Result<PathBuf> {
    let file = tempfile::Builder::new()
        .prefix("stocktake-kept-")
        .suffix(".yaml")
        .tempfile()
        .context("cannot keep the edited text")?;
    std::fs::write(file.path(), text).context("cannot keep the edited text")?;
    let (_, path) = file.keep().context("cannot keep the edited text")?;
    Ok(path)
}
