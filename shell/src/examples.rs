//! Examples of how the program and its parts are started: the first thing `--help` shows.

/// By part; the program itself is `stocktake`.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "check",
        &[
            "stocktake check queries.txt",
            "echo 'search is(pod) | count namespace' | stocktake check",
            "stocktake check jobs/*.txt > verdicts.ndjson",
        ],
    ),
    (
        "collect",
        &[
            "stocktake collect",
            "stocktake collect --report report.json",
            "stocktake collect --context prod --report prod.json",
        ],
    ),
    (
        "completion",
        &[
            "stocktake completion bash > /etc/bash_completion.d/stocktake",
            "stocktake completion zsh > \"${fpath[1]}/_stocktake\"",
            "stocktake completion fish > ~/.config/fish/completions/stocktake.fish",
            "stocktake completion powershell | Out-String | Invoke-Expression",
        ],
    ),
    (
        "core",
        &[
            "stocktake core",
            "stocktake core --data-dir /var/lib/stocktake",
            "stocktake core -v --override worker.cleanup=true",
        ],
    ),
    (
        "demo",
        &[
            "stocktake demo",
            "stocktake demo -c 'search is(pod) | count namespace'",
            "echo 'search pods -n resoto -o table' | stocktake demo",
        ],
    ),
    (
        "man",
        &[
            "stocktake man | man -l -",
            "stocktake man > ~/.local/share/man/man1/stocktake.1",
            "stocktake man > stocktake.1",
        ],
    ),
    (
        "rbac",
        &[
            "stocktake rbac",
            "stocktake rbac | kubectl apply -f -",
            "stocktake rbac --override k8s.collect_events=true > roles.yaml",
        ],
    ),
    (
        "search",
        &[
            "stocktake search pods -n kube-system -o wide",
            "stocktake search deploy,sts -l app=web -o name",
            "stocktake search 'is(pod) and age > 7d | count namespace'",
        ],
    ),
    (
        "shell",
        &[
            "stocktake shell",
            "stocktake shell --data-dir /var/lib/stocktake",
            "stocktake shell -c clusters",
        ],
    ),
    (
        "stocktake",
        &[
            "stocktake demo",
            "stocktake search pods -n kube-system -o wide",
            "echo 'search is(instance) | list name, instance_cores' | stocktake",
        ],
    ),
    (
        "worker",
        &[
            "stocktake worker",
            "stocktake worker --data-dir /var/lib/stocktake",
            "stocktake worker -v --context prod",
        ],
    ),
];

/// The examples of a part, with their heading; nothing for a part nobody knows.
pub(crate) fn of(part: &str) -> String {
    let found = EXAMPLES.iter().find(|(name, _)| *name == part);
    let lines = found.map_or(&[][..], |(_, lines)| *lines);
    if lines.is_empty() {
        return String::new();
    }
    format!("Examples:\n  {}", lines.join("\n  "))
}

/// The words of the stocktake in an example, as a shell would split them; `None` if there is none, or a quote is open.
#[cfg(test)]
pub(crate) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        let last = words.last_mut()?;
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '|' | '>') => words.extend([c.to_string(), String::new()]),
            (None, ' ') => words.push(String::new()),
            (_, c) => last.push(c),
        }
    }
    let mut commands = words.split(|word| word == "|" || word == ">");
    let ours = commands.find_map(|words| {
        let words: Vec<String> = words
            .iter()
            .filter(|word| !word.is_empty())
            .cloned()
            .collect();
        (words.first()? == "stocktake").then_some(words)
    });
    ours.filter(|_| quote.is_none())
}
