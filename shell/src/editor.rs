//! Opening a text in the person's editor.
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
    if !status.success() {
        bail!("the editor `{editor}` ended with {status}; nothing was changed");
    }
    std::fs::read_to_string(file.path()).context("cannot read what the editor left")
}
