//! Lines given as arguments: `stocktake search pods -n default -o wide`, `stocktake config list`.
//!
//! They become what somebody would have typed at the prompt. What they mean is the core's business.
use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use stocktake_command::{COMMANDS, Category, Command, Shape, command};

/// A search, asked as kubectl is asked.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "every switch is a flag of the command line"
)]
pub struct Asked {
    /// Begin in these namespaces only
    #[arg(short, long, value_name = "NAME", value_delimiter = ',')]
    namespace: Vec<String>,

    /// Begin in all namespaces, as it does anyway
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,

    /// Begin with these labels only: `app=web,tier!=db`, `env in (prod, dev)`, `!old`
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Vec<String>,

    /// How the answer looks
    #[arg(short, long, value_name = "FORM", value_parser = Form)]
    output: Option<String>,

    /// Sort by this property; `.metadata.name` and its like are understood
    #[arg(long, value_name = "PROPERTY")]
    sort_by: Option<String>,

    /// A table without its headings
    #[arg(long)]
    no_headers: bool,

    /// A column with the labels
    #[arg(long)]
    show_labels: bool,

    /// Not here: a search answers once
    #[arg(short, long, hide = true)]
    watch: bool,

    /// Look at the past: a time, or a duration before now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,

    /// Give edges too; of use with a walk such as `-->`
    #[arg(long)]
    with_edges: bool,

    /// Tell how the search would be run, and do not run it
    #[arg(long)]
    explain: bool,

    /// A kind (`pods`, `svc,ing`), or a query with everything that may follow it: `is(pod) and age > 7d | count namespace`
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
}

impl Asked {
    /// The line, for these clusters only; for all if there are none.
    pub(crate) fn line(&self, clusters: &[String]) -> String {
        let mut words = vec!["search".to_owned()];
        let mut option = |name: &str, value: &str| words.extend([name.to_owned(), quoted(value)]);
        if !clusters.is_empty() {
            option("--context", &clusters.join(","));
        }
        if !self.namespace.is_empty() {
            option("-n", &self.namespace.join(","));
        }
        for selector in &self.selector {
            option("-l", selector);
        }
        if let Some(time) = &self.at {
            option("--at", time);
        }
        if let Some(property) = &self.sort_by {
            option("--sort-by", property);
        }
        if let Some(form) = &self.output {
            option("-o", form);
        }
        let flags = [
            ("--with-edges", self.with_edges),
            ("--explain", self.explain),
            ("--no-headers", self.no_headers),
            ("--show-labels", self.show_labels),
            ("--watch", self.watch),
        ];
        let set = flags.into_iter().filter(|(_, set)| *set);
        words.extend(set.map(|(flag, _)| flag.to_owned()));
        words.extend(self.query.iter().cloned());
        words.join(" ")
    }
}

/// Forms an answer can have.
const FORMS: [&str; 6] = ["table", "wide", "json", "yaml", "name", "csv"];

/// Reads a form. A type of its own, so that completion scripts know the forms.
#[derive(Clone)]
struct Form;

impl TypedValueParser for Form {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        TypedValueParser::parse_ref(&form, command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(FORMS.into_iter().map(PossibleValue::new)))
    }
}

/// Forms as kubectl has them; those that are none here are explained by the core.
fn form(text: &str) -> Result<String, String> {
    let name = text.split('=').next().unwrap_or_default();
    let elsewhere = ["jsonpath", "go-template", "custom-columns"];
    if FORMS.contains(&text) || elsewhere.iter().any(|one| name.starts_with(one)) {
        return Ok(text.to_owned());
    }
    Err(format!("there are {}", FORMS.join(", ")))
}

/// A value of an option as the core reads it: in quotes unless it is a plain word.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:,=!@".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The line of a command of the prompt, or names it may have been meant to be.
pub(crate) fn line(words: &[String]) -> Result<String, Vec<&'static str>> {
    let name = words.first().map_or("", String::as_str);
    if command(name).is_some() {
        return Ok(words.join(" "));
    }
    let names = COMMANDS.iter().map(|command| command.spec().name);
    Err(stocktake_model::near(name, names))
}

/// Whether a line can be answered before anything was collected: it is about stocktake itself, not about clusters.
pub(crate) fn needs_no_data(line: &str) -> bool {
    let head = line.split_whitespace().next().unwrap_or_default();
    // Behind a `;` there may be anything.
    let spec = command(head).map(Command::spec);
    !line.contains(';')
        && spec.is_some_and(|spec| {
            let own = matches!(spec.category, Category::Setup | Category::Misc);
            own && spec.input == Shape::Nothing && !matches!(spec.name, "clusters" | "kinds")
        })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Only {
        #[command(flatten)]
        asked: Asked,
    }

    #[track_caller]
    fn check(arguments: &[&str], clusters: &[&str], line: &str) {
        let clusters: Vec<String> = clusters.iter().map(|&name| name.to_owned()).collect();
        let only = Only::try_parse_from(std::iter::once(&"search").chain(arguments)).unwrap();
        assert_eq!(only.asked.line(&clusters), line);
    }

    #[test]
    fn arguments_become_the_line_somebody_would_type() {
        check(
            &["pods", "-n", "a,b", "-owide"],
            &[],
            "search -n a,b -o wide pods",
        );
        check(
            &[
                "is(pod) and x = \"a b\" | count kind",
                "-l",
                "env in (a, b)",
            ],
            &["prod"],
            "search --context prod -l \"env in (a, b)\" is(pod) and x = \"a b\" | count kind",
        );
        check(
            &["-A", "--with-edges", "--at=3d", "--", "-->"],
            &["user@host", "say \"hi\""],
            "search --context \"user@host,say \\\"hi\\\"\" --at 3d --with-edges -->",
        );
    }

    #[test]
    fn commands_of_the_prompt_are_known_and_typos_are_not_run() {
        let words =
            |line: &str| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
        assert_eq!(line(&words("config list")), Ok("config list".to_owned()));
        assert_eq!(line(&words("clsters")), Err(vec!["clusters"]));
        assert_eq!(line(&[]), Err(vec![]));
    }

    #[test]
    fn what_is_about_stocktake_itself_waits_for_no_cluster() {
        for (line, expected) in [
            ("help count", true),
            ("config show stocktake.worker", true),
            ("workflows run collect", true),
            ("clusters", false),
            ("search all", false),
            ("is(pod)", false),
            ("config list; search all", false),
            ("", false),
        ] {
            assert_eq!(needs_no_data(line), expected, "{line}");
        }
    }
}
