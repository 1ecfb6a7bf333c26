//! `-o FORM` behind a search, as kubectl has it: which formatter it stands for.
use crate::{Argument, CommandError, Word};

/// A form, and the command line that makes it.
const FORMS: [(&str, &str, &str); 6] = [
    ("csv", "list", "--csv"),
    ("json", "format", "--json"),
    ("name", "format", "{kind}/{name}"),
    ("table", "list", "-o table"),
    ("wide", "list", "--wide"),
    ("yaml", "format", "--yaml"),
];

/// Names of all forms.
pub(crate) fn forms() -> impl Iterator<Item = &'static str> {
    FORMS.iter().map(|(name, _, _)| *name)
}

/// An argument without its `-o FORM`, and the formatter that stands for it.
pub(crate) struct Formed {
    /// What is left of the argument.
    pub(crate) rest: Argument,
    /// Name of a command, and what is said to it.
    pub(crate) formatter: Option<(&'static str, Argument)>,
}

/// Takes `-o FORM`, `-oFORM`, `--output FORM` or `--output=FORM` out of an argument, with `--no-headers` and `--show-labels`.
pub(crate) fn formed(argument: &Argument) -> Result<Formed, CommandError> {
    let mut rest = argument.clone();
    let mut formatter = None;
    let (mut headless, mut labels) = (false, None);
    let words = argument.words();
    let mut left = words.iter();
    while let Some(word) = left.next() {
        let typed = &argument.text()[word.range.clone()];
        let form = match typed {
            "-o" | "--output" => {
                let form = left
                    .next()
                    .ok_or_else(|| unknown("nothing").at(word.span))?;
                rest = rest.blank(form.range.clone());
                form.clone()
            }
            "--no-headers" => {
                headless = true;
                rest = rest.blank(word.range.clone());
                continue;
            }
            "--show-labels" => {
                labels = Some(word.span);
                rest = rest.blank(word.range.clone());
                continue;
            }
            typed => {
                let glued = typed
                    .strip_prefix("--output=")
                    .or_else(|| typed.strip_prefix("-o="))
                    .or_else(|| {
                        typed
                            .strip_prefix("-o")
                            .filter(|form| forms().any(|one| one == *form))
                    });
                let Some(form) = glued else { continue };
                Word {
                    text: form.to_owned(),
                    ..word.clone()
                }
            }
        };
        rest = rest.blank(word.range.clone());
        let known = FORMS.iter().find(|(name, _, _)| *name == form.text);
        let (_, command, said) = known.ok_or_else(|| unknown(&form.text).at(form.span))?;
        if formatter.is_some() {
            return Err(CommandError::usage("two forms at once").at(form.span));
        }
        formatter = Some((*command, (*said).to_owned(), form.span));
    }
    let formatter = match (formatter, labels) {
        (None, Some(span)) => Some(("list", "-o table".to_owned(), span)),
        (formatter, _) => formatter,
    };
    let formatter = formatter.map(|(command, mut said, span)| {
        if command == "list" && headless {
            said.push_str(" --no-headers");
        }
        if command == "list" && labels.is_some() {
            said.push_str(" --with-defaults labels");
        }
        (command, Argument::standing_for(&said, span))
    });
    Ok(Formed { rest, formatter })
}

fn unknown(form: &str) -> CommandError {
    let name = form.split('=').next().unwrap_or_default();
    let instead = match name {
        "jsonpath" | "jsonpath-as-json" | "jsonpath-file" => {
            Some("`| jq '.name'` picks a value, `| format '{name} {labels.app}'` fills in a line")
        }
        "go-template" | "go-template-file" => {
            Some("`| format '{name} in {namespace}'` fills in a line for each")
        }
        "custom-columns" | "custom-columns-file" => {
            Some("`| list --wide name, namespace as ns` shows the columns you name")
        }
        _ => None,
    };
    if let Some(instead) = instead {
        return CommandError::usage(format!("`-o` knows no form `{name}`")).hint(instead);
    }
    let names: Vec<String> = forms().map(|name| format!("`{name}`")).collect();
    CommandError::usage(format!("`-o` knows no form `{form}`")).hint(format!(
        "it knows {}; `| format` knows more",
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(argument: &str, expected: &str) {
        let shown = match formed(&Argument::typed(argument)) {
            Ok(Formed { rest, formatter }) => {
                let formatter = formatter
                    .map(|(command, said)| format!(" | {command} {}", said.text()))
                    .unwrap_or_default();
                format!("{}{formatter}", rest.text().trim())
            }
            Err(error) => format!("{error}"),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_form_stands_for_a_formatter() {
        assert!(FORMS.is_sorted());
        check("is(pod) -o wide", "is(pod) | list --wide");
        check("-o=yaml is(pod)", "is(pod) | format --yaml");
        check("is(pod) -oname", "is(pod) | format {kind}/{name}");
        check("--output csv is(pod)", "is(pod) | list --csv");
        check(
            "name = \"-o x\" --output=json",
            "name = \"-o x\" | format --json",
        );
        check("is(pod)", "is(pod)");
        check("is(pod) -o", "`-o` knows no form `nothing`");
        check("is(pod) -o jsonpath", "`-o` knows no form `jsonpath`");
        check("-o csv -o json", "two forms at once");
        check(
            "pods --no-headers -o wide",
            "pods | list --wide --no-headers",
        );
        check("pods --no-headers", "pods");
        check(
            "pods --show-labels",
            "pods | list -o table --with-defaults labels",
        );
        check("pods --show-labels -o json", "pods | format --json");
        check("pods -o jsonpath={.items}", "`-o` knows no form `jsonpath`");
    }
}
