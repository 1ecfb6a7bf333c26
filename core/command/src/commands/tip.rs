//! `totd` and `welcome`: the tip of the day, and a few words to begin with.
use async_trait::async_trait;

use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene};

static TIP: Spec = Spec {
    name: "totd",
    aliases: &["tip"],
    about: "the tip of the day",
    usage: "",
    arguments: &[],
    category: Category::Misc,
    input: Shape::Nothing,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "Something new every day",
            line: "totd",
            prints: "",
        },
        Example {
            about: "By its other name",
            line: "tip",
            prints: "",
        },
        Example {
            about: "Kept for later",
            line: "totd | write tip.txt",
            prints: "",
        },
    ],
};

static WELCOME: Spec = Spec {
    name: "welcome",
    aliases: &[],
    about: "a few words to begin with",
    examples: &[
        Example {
            about: "Hello",
            line: "welcome",
            prints: "",
        },
        Example {
            about: "And a tip",
            line: "welcome ; totd",
            prints: "",
        },
        Example {
            about: "Kept for later",
            line: "welcome | write welcome.txt",
            prints: "",
        },
    ],
    ..TIP
};

/// A line to try, and what it shows.
const TIPS: [(&str, &str); 24] = [
    (
        "search is(kubernetes_resource) | count kind",
        "how much of everything there is",
    ),
    (
        "search is(kubernetes_pod) | count /ancestors.kubernetes_node.reported.name",
        "pods on each node",
    ),
    (
        "search is(volume) and age > 90d | list name, age, account",
        "old volumes",
    ),
    (
        "search is(kubernetes_pod) <-- is(kubernetes_node)",
        "the nodes pods run on",
    ),
    (
        "search --with-edges is(kubernetes_service) -[0:]-> | format --dot | write services.dot",
        "a picture",
    ),
    ("search \"nginx\"", "full text over everything"),
    (
        "search is(kubernetes_deployment) and tags.owner=null | list --markdown",
        "what nobody owns",
    ),
    (
        "search is(kubernetes_node) | aggregate account: sum(instance_memory) as memory",
        "memory per cluster",
    ),
    (
        "search is(kubernetes_pod) | sort age desc | head 10",
        "the ten oldest",
    ),
    ("clusters", "what is collected, and what could not be read"),
    (
        "graph copy before_upgrade",
        "keeps everything as it is now; `graph=before_upgrade search …` asks it later",
    ),
    ("graph list", "the copies of the graph that are kept"),
    (
        "search is(kubernetes_deployment) limit 1 | tree",
        "what belongs to it, and what that owns",
    ),
    (
        "search --with-edges is(kubernetes_service) limit 5 -[0:1]-> | format --dot | show",
        "a picture, where Graphviz is installed",
    ),
    (
        "search is(kubernetes_resource) | count kind --bars",
        "how much of everything, as bars",
    ),
    (
        "clean plan -o plan.json",
        "what would be deleted of all that is marked, and which guards refuse the rest",
    ),
    (
        "clean apply plan.json",
        "deletes what was reviewed in the plan, and nothing that was marked later",
    ),
    (
        "audit --limit 20",
        "who changed what, in a log that shows if it was tampered with",
    ),
    (
        "restore 7",
        "creates a deleted object again, by its number in `audit`",
    ),
    (
        "config diff stocktake.worker",
        "how your settings differ from the defaults",
    ),
    (
        "config validate stocktake.worker",
        "what is odd about your settings",
    ),
    (
        "config schema stocktake.worker | write schema.json",
        "a schema, so that your editor checks and completes the file",
    ),
    (
        "search is(kubernetes_job) and age > 30d | http https://example.com/hook",
        "sends each element to a web server",
    ),
    (
        "config show stocktake.worker",
        "under `file.files` stand inventories of other tools that are searched along with your clusters",
    ),
];

pub(super) struct Tip;
pub(super) struct Welcome;

impl Command for Tip {
    fn spec(&self) -> &'static Spec {
        &TIP
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        super::no_argument("totd", argument)?;
        Ok(Box::new(Said(tip(scene))))
    }
}

impl Command for Welcome {
    fn spec(&self) -> &'static Spec {
        &WELCOME
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        super::no_argument("welcome", argument)?;
        let mut lines = vec![
            "stocktake: everything that runs in your clusters.".to_owned(),
            "`clusters` shows what is collected, `help` what you can do, `quit` leaves.".to_owned(),
            String::new(),
        ];
        lines.extend(tip(scene));
        Ok(Box::new(Said(lines)))
    }
}

/// The same one all day.
fn tip(scene: &Scene) -> Vec<String> {
    let day = scene.now.as_second().div_euclid(24 * 60 * 60);
    let count = i64::try_from(TIPS.len()).unwrap_or(1);
    let place = usize::try_from(day.rem_euclid(count)).unwrap_or(0);
    let (line, shows) = TIPS[place];
    vec![format!("tip: {shows}"), format!("  {line}")]
}

/// Lines known before anything runs.
pub(super) struct Said(pub(super) Vec<String>);

#[async_trait]
impl Stage for Said {
    async fn run(self: Box<Self>, _: Flow, _: &Call) -> Result<Flow, CommandError> {
        Ok(Flow::lines(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::TIPS;

    #[test]
    fn tips_can_be_typed() {
        for (line, _) in TIPS {
            let context = crate::Context {
                line: line.to_owned(),
                ..crate::Context::default()
            };
            let services = crate::fixture::Fixture::default();
            crate::check(&context, &services).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
}
