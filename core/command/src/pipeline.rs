//! From pieces of text to stages that can run: names are looked up, shapes checked, searches folded.
//!
//! All of it happens before anything runs. Nothing here knows a single command but `search`, `list` and `write`,
//! which may be left out on a line.
use std::collections::BTreeMap;
use std::sync::Arc;

use stocktake_model::near;
use stocktake_query::Span;

use crate::draft::{Draft, Folded};
use crate::expand::expanded;
use crate::line::{Assignments, Sentence, assignments, split};
use crate::placed::Placed;
use crate::scene::VARIABLES;
use crate::spec::Stage;
use crate::{
    Argument, COMMANDS, Call, Category, Command, CommandError, Flow, Ground, Place, Scene, Search,
    Settings, Shape, command, form, shorthand, syntax,
};

/// A sentence, ready to run.
pub(crate) struct Pipeline {
    stages: Vec<Placed>,
    /// What it was read against.
    pub(crate) scene: Arc<Scene>,
    /// The sentence with the names of commands spelled out.
    pub(crate) canonical: String,
    /// What comes out at the end.
    pub(crate) gives: Shape,
    /// Whether a formatter is part of it, which then counts the elements.
    pub(crate) formatted: bool,
    /// Files it wants from the client.
    pub(crate) files: Vec<String>,
    /// What it asks of the graph, as far as it is known before it runs.
    pub(crate) searches: Vec<Search>,
    /// Command lines it keeps for later.
    pub(crate) lines: Vec<Argument>,
}

/// A command and what is said to it.
#[derive(Clone)]
struct Step {
    command: &'static dyn Command,
    word: Argument,
    argument: Argument,
}

impl Step {
    fn shape(&self) -> (Shape, Shape) {
        self.command.shape(&self.argument)
    }

    fn is(&self, name: &str) -> bool {
        self.command.spec().name == name
    }
}

/// Reads a sentence. Errors point into the line.
pub(crate) fn plan(
    sentence: &Sentence,
    env: &BTreeMap<String, String>,
    ground: &dyn Ground,
    settings: &Settings,
) -> Result<Pipeline, CommandError> {
    let (values, sentence) = without_assignments(sentence, settings);
    let mut all = env.clone();
    all.extend(values);
    let whole = sentence.first().map(Argument::span).unwrap_or_default();
    let scene = Scene::new(ground, settings, all).map_err(|error| error.at(whole))?;
    let mut steps = Vec::new();
    let sentence = help_wanted(&sentence).unwrap_or(sentence);
    for piece in expand_aliases(whole_job(sentence), settings, &scene)? {
        let piece = if asks(&piece) {
            expanded(&piece, &scene, ground)?
        } else {
            piece
        };
        let mut step = step(&piece, steps.is_empty(), settings)?;
        let formatter = formatter(&mut step)?;
        steps.push(step);
        steps.extend(formatter);
    }
    let canonical: Vec<String> = steps.iter().map(canonical).collect();
    insert_list(&mut steps);
    let gives = check_shapes(&steps)?;
    finish(steps, scene, canonical.join(" | "), gives)
}

/// Takes the assignments in front off, if they are meant as such: a command follows, or every name is a variable
/// that means something. Otherwise they are the beginning of a query (`name=web | list`).
fn without_assignments(
    sentence: &Sentence,
    settings: &Settings,
) -> (Vec<(String, String)>, Sentence) {
    let Some(first) = sentence.first() else {
        return (Vec::new(), sentence.clone());
    };
    let Assignments { values, rest } = assignments(first);
    let (word, _) = rest.head();
    let known = command(word.text()).is_some() || settings.aliases.contains_key(word.text());
    let variables = values
        .iter()
        .all(|(name, _)| VARIABLES.contains(&name.as_str()));
    if values.is_empty() || rest.is_empty() || !(known || variables) {
        return (Vec::new(), sentence.clone());
    }
    let mut sentence = sentence.clone();
    sentence[0] = rest.trim();
    (values, sentence)
}

/// `jobs add` and `jobs update` take the rest of the sentence, pipes and all: they keep a line, they run none.
fn whole_job(sentence: Sentence) -> Sentence {
    let Some((first, others)) = sentence.split_first() else {
        return sentence;
    };
    let (word, rest) = first.head();
    let (verb, _) = rest.head();
    if !keeps_line(word.text(), verb.text()) {
        return sentence;
    }
    let mut whole = first.clone();
    for piece in others {
        let at = whole.span().end;
        whole.push(" | ", at, piece.span().start);
        whole.append(piece);
    }
    vec![whole]
}

/// Whether a command keeps a command line for later instead of running it.
pub(crate) fn keeps_line(word: &str, verb: &str) -> bool {
    matches!(word, "job" | "jobs") && matches!(verb, "add" | "update")
}

/// Whether a piece is a query, or may be one, so that templates in it are meant.
fn asks(piece: &Argument) -> bool {
    let (word, _) = piece.head();
    command(word.text()).is_none_or(|known| matches!(known.spec().name, "search" | "history"))
}

/// Replaces the shorthands of the configuration. What a shorthand stands for is not expanded again.
fn expand_aliases(
    sentence: Sentence,
    settings: &Settings,
    scene: &Scene,
) -> Result<Sentence, CommandError> {
    let mut pieces = Vec::new();
    for piece in sentence {
        let (word, argument) = piece.head();
        let alias = settings.aliases.get(word.text());
        let Some(meant) = alias.filter(|_| command(word.text()).is_none()) else {
            pieces.push(piece);
            continue;
        };
        let place = if pieces.is_empty() {
            Place::Anywhere
        } else {
            Place::AfterAnother
        };
        shorthand::check_place(&word, meant, place)?;
        let text = shorthand::filled(&word, &argument, meant, scene)?;
        let mut sentences = split(&Argument::standing_for(&text, piece.span()))?;
        if sentences.len() > 1 {
            let message = format!("the alias `{}` holds a `;`", word.text());
            return Err(CommandError::usage(message).at(word.span()));
        }
        pieces.append(&mut sentences.pop().unwrap_or_default());
    }
    Ok(pieces)
}

fn step(piece: &Argument, first: bool, settings: &Settings) -> Result<Step, CommandError> {
    let (word, argument) = piece.head();
    if let Some(command) = command(word.text()) {
        return Ok(Step {
            command,
            word,
            argument,
        });
    }
    if first && syntax::looks_like_query(piece.text()) {
        return Ok(Step {
            command: command("search").expect("it is registered"),
            word: piece.slice(0..0),
            argument: piece.clone(),
        });
    }
    let names = COMMANDS
        .iter()
        .flat_map(|known| std::iter::once(&known.spec().name).chain(known.spec().aliases))
        .copied()
        .chain(settings.aliases.keys().map(String::as_str));
    let meant: Vec<String> = near(word.text(), names)
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let error = CommandError::usage(format!("unknown command `{}`", word.text())).at(word.span());
    Err(if meant.is_empty() {
        error.hint("`help` lists all commands")
    } else {
        error.hint(format!("did you mean {}?", meant.join(" or ")))
    })
}

/// The formatter that `-o FORM` behind a search stands for. It is taken out of the step.
fn formatter(step: &mut Step) -> Result<Option<Step>, CommandError> {
    if !(step.is("search") || step.is("history")) {
        return Ok(None);
    }
    let formed = form::formed(&step.argument)?;
    step.argument = formed.rest.trim();
    Ok(formed.formatter.map(|(name, argument)| Step {
        command: command(name).expect("formatters are registered"),
        word: Argument::standing_for(name, argument.span()),
        argument,
    }))
}

/// `count --help`, anywhere on the line, asks about `count` and runs nothing.
fn help_wanted(sentence: &Sentence) -> Option<Sentence> {
    let asked = sentence.iter().find_map(|piece| {
        let (word, argument) = piece.head();
        let wanted = matches!(argument.text(), "--help" | "-h");
        wanted
            .then(|| command(word.text()))
            .flatten()
            .map(|known| (known, piece.span()))
    });
    let (known, span) = asked?;
    let line = format!("help {}", known.spec().name);
    Some(vec![Argument::standing_for(&line, span)])
}

/// Puts `list` where elements would meet text: before `write`, and at the end.
fn insert_list(steps: &mut Vec<Step>) {
    if let Some(at) = steps.iter().position(|step| step.is("write"))
        && at > 0
        && gives_elements(&steps[..at])
    {
        let span = steps[at].word.span();
        steps.insert(at, list(span));
    }
    if gives_elements(steps)
        && let Some(last) = steps.last()
    {
        let span = last.word.span();
        steps.push(list(span));
    }
}

fn list(span: Span) -> Step {
    Step {
        command: command("list").expect("it is registered"),
        word: Argument::standing_for("list", span),
        argument: Argument::standing_for("", span),
    }
}

fn gives_elements(steps: &[Step]) -> bool {
    let given = steps.iter().fold(Shape::Nothing, after);
    Shape::Values.accepts(given)
}

fn after(given: Shape, step: &Step) -> Shape {
    match step.shape() {
        (_, Shape::Same) => given,
        (_, output) => output,
    }
}

fn check_shapes(steps: &[Step]) -> Result<Shape, CommandError> {
    let mut given = Shape::Nothing;
    for (place, step) in steps.iter().enumerate() {
        let (input, _) = step.shape();
        if !input.accepts(given) {
            let before = place.checked_sub(1).map(|before| &steps[before]);
            return Err(misplaced(step, before, given));
        }
        given = after(given, step);
    }
    Ok(given)
}

fn misplaced(step: &Step, before: Option<&Step>, given: Shape) -> CommandError {
    let (input, _) = step.shape();
    let name = step.command.spec().name;
    let error = match before {
        None => CommandError::usage(format!("`{name}` has nothing to work on")).hint(format!(
            "put something in front, e.g. `search all | {name}`"
        )),
        Some(before) if input == Shape::Nothing => {
            let before = before.command.spec().name;
            CommandError::usage(format!(
                "`{name}` takes nothing from `{before}`: it comes first"
            ))
            .hint("put a `;` between two lines that have nothing to do with each other")
        }
        Some(before) => CommandError::usage(format!(
            "`{name}` needs {}, but `{}` gives {}",
            input.as_str(),
            before.command.spec().name,
            given.as_str(),
        ))
        .hint(format!("move `{name}` in front of it")),
    };
    error.at(step.word.span())
}

fn canonical(step: &Step) -> String {
    let name = step.command.spec().name;
    match step.argument.text() {
        "" => name.to_owned(),
        argument => format!("{name} {argument}"),
    }
}

fn finish(
    steps: Vec<Step>,
    scene: Scene,
    canonical: String,
    gives: Shape,
) -> Result<Pipeline, CommandError> {
    let formatted = steps
        .iter()
        .any(|step| step.command.spec().category == Category::Format);
    check_present(&steps, &scene)?;
    let mut draft: Option<Draft> = None;
    let mut searches = Vec::new();
    let mut stages: Vec<Placed> = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        let stage = step
            .command
            .parse(&step.argument, &scene)
            .map_err(|error| blame(error, step))?;
        if place == 0
            && let Some(started) = stage.draft()
        {
            draft = Some(started);
            continue;
        }
        let folded = match &mut draft {
            Some(draft) if stages.is_empty() => stage.fold(draft),
            _ => Folded::No,
        };
        match folded {
            Folded::No => {
                searches.extend(stage.draft().map(|draft| draft.request(&scene)));
                stages.push(placed(stage, step));
            }
            Folded::Whole => {}
            Folded::Then(rest) => stages.push(placed(rest, step)),
        }
    }
    if let Some(mut draft) = draft {
        if draft.at.is_some() {
            if let Some(graph) = &scene.graph {
                let message =
                    format!("the graph `{graph}` is one moment, `--at` has none to choose");
                return Err(CommandError::usage(message).hint("leave `--at` out"));
            }
            refuse_actions(&steps, "the search looks at the past")?;
        }
        draft.wanted = wanted(&stages);
        searches.insert(0, draft.request(&scene));
        stages.insert(0, placed(Box::new(draft), &steps[0]));
    }
    Ok(Pipeline {
        files: stages.iter().flat_map(Placed::files).collect(),
        lines: stages.iter().flat_map(Placed::lines).collect(),
        searches,
        stages,
        scene: Arc::new(scene),
        canonical,
        gives,
        formatted,
    })
}

/// What is kept is only read: nothing of the present is changed because of it.
fn check_present(steps: &[Step], scene: &Scene) -> Result<(), CommandError> {
    let Some(graph) = &scene.graph else {
        return Ok(());
    };
    let history = steps.iter().find(|step| step.is("history"));
    if let Some(step) = history {
        return Err(
            CommandError::usage(format!("the graph `{graph}` has no history"))
                .hint("a kept graph is one moment; only the live graph has a history")
                .at(step.word.span()),
        );
    }
    refuse_actions(steps, &format!("the graph `{graph}` is only read"))
}

fn refuse_actions(steps: &[Step], why: &str) -> Result<(), CommandError> {
    let acts = |step: &&Step| step.command.spec().category == Category::Action;
    let Some(step) = steps.iter().find(acts) else {
        return Ok(());
    };
    let name = step.command.spec().name;
    Err(
        CommandError::usage(format!("`{name}` changes what is there now, but {why}"))
            .hint("search the present for what is to be changed")
            .at(step.word.span()),
    )
}

/// Without a span, the command itself is to blame.
fn blame(error: CommandError, step: &Step) -> CommandError {
    error.at(whole(step))
}

fn whole(step: &Step) -> Span {
    if step.argument.is_empty() {
        step.word.span()
    } else {
        step.argument.span()
    }
}

fn placed(stage: Box<dyn Stage>, step: &Step) -> Placed {
    let acts = step.command.spec().category == Category::Action;
    Placed::new(stage, whole(step), acts.then(|| step.word.span()))
}

/// What the stages read from other sections than those of the node itself; each path once.
fn wanted(stages: &[Placed]) -> Vec<stocktake_query::Path> {
    const COMPUTED: [&str; 3] = ["ancestors", "descendants", "usage"];
    let mut paths = Vec::new();
    for path in stages.iter().flat_map(Placed::reads) {
        let computed = path
            .segments
            .first()
            .is_some_and(|first| COMPUTED.contains(&first.name.as_str()));
        if computed && !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

impl Pipeline {
    /// Starts every stage; the elements that come back do the work as they are asked for.
    pub(crate) async fn run(self, call: &Call) -> Result<Flow, CommandError> {
        let mut flow = Flow::empty();
        for stage in self.stages {
            flow = stage.run(flow, call).await?;
        }
        Ok(flow)
    }
}
