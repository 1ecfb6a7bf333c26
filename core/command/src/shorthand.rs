//! Custom commands of the configuration: what is typed becomes the command line of their template.
//!
//! What a shorthand stands for is not expanded again, and a command of the language cannot be replaced by one.
use serde_json::{Map, Value};

use crate::mustache::{Properties, render};
use crate::{Argument, CommandError, Place, Scene, Shorthand};

/// The command line a shorthand stands for here.
pub(crate) fn filled(
    name: &Argument,
    argument: &Argument,
    shorthand: &Shorthand,
    scene: &Scene,
) -> Result<String, CommandError> {
    let mut properties =
        parameters(name.text(), argument, shorthand).map_err(|error| error.at(argument.span()))?;
    properties.insert("args".to_owned(), argument.text().into());
    let properties = Value::Object(properties);
    let template = &shorthand.template;
    let text = render(template, &Properties::Given(&properties), scene.now)
        .map_err(|error| error.at(name.span()))?;
    let takes = shorthand.parameters.is_empty() && !template.contains("{{");
    Ok(if takes {
        format!("{text} {}", argument.text())
    } else {
        text
    })
}

/// An error if the shorthand may not stand first and does.
pub(crate) fn check_place(
    name: &Argument,
    shorthand: &Shorthand,
    first: Place,
) -> Result<(), CommandError> {
    if first == Place::AfterAnother || shorthand.place == Place::Anywhere {
        return Ok(());
    }
    let text = name.text();
    Err(
        CommandError::usage(format!("`{text}` has nothing to work on"))
            .hint(format!(
                "put something in front, e.g. `search all | {text}`"
            ))
            .at(name.span()),
    )
}

/// `--param-one value` or `param_one=value`, and the defaults of the others.
fn parameters(
    name: &str,
    argument: &Argument,
    shorthand: &Shorthand,
) -> Result<Map<String, Value>, CommandError> {
    let mut found = Map::new();
    let known = |word: &str| {
        let plain = word.replace('-', "_");
        let mut all = shorthand.parameters.iter();
        all.find(|known| known.name.replace('-', "_") == plain)
    };
    let mut words = argument.words().into_iter().peekable();
    while let Some(word) = words.next() {
        if let Some(flag) = word.text.strip_prefix("--") {
            let (flag, value) = match flag.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (flag, None),
            };
            let Some(parameter) = known(flag) else {
                continue;
            };
            let value = value.or_else(|| words.next().map(|word| word.text));
            if let Some(value) = value {
                found.insert(parameter.name.clone(), value.into());
            }
        } else if let Some((key, value)) = word.text.split_once('=')
            && let Some(parameter) = known(key)
        {
            found.insert(parameter.name.clone(), value.into());
        }
    }
    let mut missing = Vec::new();
    for parameter in &shorthand.parameters {
        if found.contains_key(&parameter.name) {
            continue;
        }
        match &parameter.default {
            Some(value) => {
                found.insert(parameter.name.clone(), value.as_str().into());
            }
            None => missing.push(format!("--{}", parameter.name.replace('_', "-"))),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let missing = missing.join(", ");
    Err(CommandError::usage(format!(
        "Alias {name} not enough parameters provided. Missing: {missing}"
    ))
    .hint(format!("`help {name}` tells what they are for")))
}
