//! The references in `docs`: written from the registries, so that they cannot be stale. `UPDATE_EXPECT=1` writes them.
use std::fmt::Write as _;

use expect_test::expect_file;
use stocktake_command::{COMMANDS, Category};
use stocktake_config::DocumentId;
use stocktake_model::{Kind, Model};

const WRITTEN: &str = "<!-- Written by a test from what the program knows: do not edit. -->\n";

#[test]
fn every_command_is_described() {
    let mut text = format!("# Commands\n\n{WRITTEN}\nEach is also told by `help COMMAND`.\n");
    for category in Category::ALL {
        write!(text, "\n## {}\n", category.as_str()).unwrap();
        let specs = COMMANDS.iter().map(|command| command.spec());
        for spec in specs.filter(|spec| spec.category == category) {
            write!(text, "\n### {}\n\n{}\n\n", spec.name, spec.about).unwrap();
            writeln!(
                text,
                "    {}",
                format!("{} {}", spec.name, spec.usage).trim()
            )
            .unwrap();
            if !spec.aliases.is_empty() {
                write!(text, "\nAlso known as `{}`.\n", spec.aliases.join("`, `")).unwrap();
            }
            if !spec.arguments.is_empty() {
                text.push_str("\n| argument | what it does |\n|---|---|\n");
            }
            for (name, about) in spec.arguments {
                let name = name.replace('|', "\\|");
                writeln!(text, "| `{name}` | {} |", about.replace('|', "\\|")).unwrap();
            }
            for example in spec.examples {
                let colon = if example.about.ends_with('?') {
                    ""
                } else {
                    ":"
                };
                let about = example.about;
                write!(text, "\n{about}{colon}\n\n    > {}\n", example.line).unwrap();
                for line in example.prints.lines() {
                    writeln!(text, "    {line}").unwrap();
                }
            }
        }
    }
    expect_file!["../../docs/commands.md"].assert_eq(&text);
}

#[test]
fn every_kind_is_described() {
    let mut model = Model::default();
    for (_, plugin) in stocktake_worker::models() {
        model.add(plugin.kinds);
    }
    let mut text = format!(
        "# Kinds\n\n{WRITTEN}\nKinds of custom resources come from the clusters: `kinds` lists all there are.\n"
    );
    for kind in model.kinds() {
        described(&mut text, kind);
    }
    expect_file!["../../docs/kinds.md"].assert_eq(&text);
}

fn described(text: &mut String, kind: &Kind) {
    write!(text, "\n## {}\n\n", kind.name).expect("a string takes any text");
    if !kind.about.is_empty() {
        write!(text, "{}\n\n", kind.about).expect("a string takes any text");
    }
    let mut facts = Vec::new();
    if kind.is_abstract {
        facts.push("A base of other kinds.".to_owned());
    }
    if !kind.bases.is_empty() {
        facts.push(format!("Based on `{}`.", kind.bases.join("`, `")));
    }
    if !kind.aliases.is_empty() {
        facts.push(format!("Also known as `{}`.", kind.aliases.join("`, `")));
    }
    if kind.phantom {
        facts.push("Cannot be tagged, cleaned or deleted.".to_owned());
    }
    if !facts.is_empty() {
        writeln!(text, "{}", facts.join(" ")).expect("a string takes any text");
    }
    if !kind.properties.is_empty() {
        text.push_str("\n| property | type | |\n|---|---|---|\n");
    }
    for property in &kind.properties {
        let about = property.about.replace('|', "\\|");
        writeln!(text, "| `{}` | {} | {about} |", property.name, property.of)
            .expect("a string takes any text");
    }
}

#[test]
fn every_setting_is_described() {
    let mut text = format!(
        "# Configuration\n\n{WRITTEN}\n`config edit ID` opens a document, `config set ID path=value` sets one value.\n\
         Names that begin with `resoto.` or `fix.` name the same documents.\n\n\
         * `config validate ID [FILE]` checks without storing, `config diff ID [FILE]` shows what would change.\n\
         * Keys that a text leaves out are added when it is stored, with their defaults and what they mean; those that come with a\n  \
           newer version, when that starts. Comments, order and values stay. A text that cannot be read replaces nothing.\n\
         * `$(NAME)` in a text is replaced by the environment variable when the document is read; it is never shown nor stored.\n\
         * `--override path=value` and files such as `stocktake.worker.yaml` in the directory of `--override-path` (or\n  \
           `STOCKTAKE_OVERRIDE_PATH`) lie over what is stored, while that process runs.\n\
         * `config schema ID` prints the JSON schema of a document for your editor; they are in [schemas](schemas/) as well. For\n  \
           editors that use the YAML language server, begin a file with\n  \
           `# yaml-language-server: $schema=stocktake.worker.json`.\n"
    );
    for id in DocumentId::ALL {
        write!(
            text,
            "\n## {}\n\n```yaml\n{}```\n",
            id.name(),
            id.reference_yaml()
        )
        .unwrap();
    }
    expect_file!["../../docs/config.md"].assert_eq(&text);
}

#[test]
fn every_document_has_a_schema_for_editors() {
    for id in DocumentId::ALL {
        let file = format!("../../docs/schemas/{}.json", id.name());
        expect_file![file].assert_eq(&format!("{:#}\n", id.json_schema()));
    }
}

#[test]
fn every_query_of_the_language_reference_can_be_read() {
    let text = include_str!("../../docs/query-language.md");
    let mut queries = 0;
    let mut inside = false;
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = language == "query";
            continue;
        }
        if inside && !line.is_empty() {
            queries += 1;
            if let Err(error) = stocktake_query::parse(line) {
                panic!("{line}: {error}");
            }
        }
    }
    assert!(queries > 60, "only {queries} queries were found");
}
