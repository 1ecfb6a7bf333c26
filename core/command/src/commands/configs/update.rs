//! `configs update`: a text in place of a stored document, and the way back to the editor if it cannot be stored.
use crate::{Argument, Call, CommandError, ConfigText, Flow, Output, Word};

/// `update [--revision N] [--reopen] ID FILE`
pub(super) struct Update {
    id: String,
    /// File with the new text.
    pub(super) file: String,
    revision: Option<u64>,
    mistake: Mistake,
}

/// What becomes of a document that is wrong.
#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    /// The line fails.
    Fails,
    /// It goes back to the editor, with what is wrong on top.
    Reopens,
}

impl Update {
    /// Reads what was typed behind the verb.
    pub(super) fn read(words: &[Word], argument: &Argument) -> Result<Self, CommandError> {
        let mut revision = None;
        let mut mistake = Mistake::Fails;
        let mut names = Vec::new();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match &*word.text {
                "--reopen" => mistake = Mistake::Reopens,
                "--revision" => {
                    let number = rest.next().and_then(|word| word.text.parse().ok());
                    let wrong = || CommandError::usage("`--revision` needs a number").at(word.span);
                    revision = Some(number.ok_or_else(wrong)?);
                }
                name => names.push(name.to_owned()),
            }
        }
        let Ok([id, file]) = <[String; 2]>::try_from(names) else {
            return Err(
                CommandError::usage("`configs update` needs an id and a file")
                    .hint("write e.g. `config update stocktake.worker worker.yaml`")
                    .at(argument.span()),
            );
        };
        Ok(Self {
            id,
            file,
            revision,
            mistake,
        })
    }
}

impl Update {
    /// Stores it, or has it corrected.
    pub(super) async fn run(self, call: &Call) -> Result<Flow, CommandError> {
        let text = uploaded(&self.file, call);
        let outcome = call
            .services
            .save_config(&self.id, text.clone(), self.revision)
            .await;
        match outcome {
            Ok(done) => Ok(super::saved(done, call)),
            Err(error) if self.mistake == Mistake::Fails => Err(error),
            Err(error) => {
                call.side.send(self.again(&error, &text, call).await?);
                Ok(Flow::empty())
            }
        }
    }

    /// The same text once more, with what was wrong on top. Somebody else's change is shown, and may be overwritten
    /// once it was.
    async fn again(
        &self,
        error: &CommandError,
        text: &str,
        call: &Call,
    ) -> Result<Output, CommandError> {
        let stored = call.services.config(&self.id).await?;
        let overtaken = (self.revision).is_some_and(|revision| revision != stored.revision);
        let compared = call
            .services
            .compare_config(&self.id, Some(text.to_owned()));
        match compared.await {
            Ok(compared) if overtaken => {
                let remarks = conflict(&stored, &compared.diff);
                Ok(edit(&stored, &(remarks + text)))
            }
            _ => {
                let revision = self.revision.unwrap_or(stored.revision);
                let config = ConfigText { revision, ..stored };
                Ok(edit(&config, &(mistakes(error) + text)))
            }
        }
    }
}

/// The text of a file the line names, without the remarks of an earlier try. No line is run before its files are there.
pub(super) fn uploaded(file: &str, call: &Call) -> String {
    let typed = call.context.files.get(file);
    without_remarks(typed.map_or("", String::as_str))
}

/// Opens a text of a document in the editor of the client; what comes back is stored.
pub(super) fn edit(config: &ConfigText, text: &str) -> Output {
    let file = format!("{}.yaml", config.id);
    Output::Edit {
        id: config.id.clone(),
        text: text.to_owned(),
        revision: config.revision,
        follow_up: format!(
            "config update --revision {} --reopen {} {file}",
            config.revision, config.id
        ),
        file,
    }
}

fn mistakes(error: &CommandError) -> String {
    let hint = error.hint.iter().flat_map(|hint| hint.lines());
    let first = "This could not be stored. Please correct it.";
    remarks([first].into_iter().chain(error.message.lines()).chain(hint))
}

fn conflict(stored: &ConfigText, diff: &str) -> String {
    let first = format!(
        "Somebody else stored revision {} meanwhile. Saving what stands below would change theirs:",
        stored.revision
    );
    let last =
        "Take over what is theirs, or remove these lines, and save; to give up, save nothing.";
    remarks(
        [first.as_str()]
            .into_iter()
            .chain(diff.lines())
            .chain([last]),
    )
}

fn remarks<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    lines.flat_map(|line| ["## ", line, "\n"]).collect()
}

/// Drops the remarks of an earlier try: `##` lines at the top.
fn without_remarks(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.starts_with("##"));
    lines.flat_map(|line| [line, "\n"]).collect()
}
