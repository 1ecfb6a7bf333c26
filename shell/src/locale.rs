//! Which characters the terminal is said to understand. Only decoration follows it (branches, bars, what
//! stands for text that was cut); what is decorated is never changed.

/// Whether the locale says UTF-8, as POSIX reads it: the first of these variables that is set and not empty. With none set
/// nobody said anything, and terminals of today do.
pub(crate) fn utf8() -> bool {
    says_utf8(|name| std::env::var(name).ok())
}

/// A line with branches and bars drawn by ASCII letters.
pub(crate) fn spelled(line: &str) -> String {
    let spelled = |c: char| match c {
        '├' | '│' => '|',
        '└' => '`',
        '─' => '-',
        '█' => '#',
        other => other,
    };
    line.chars().map(spelled).collect()
}

fn says_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty());
    said.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_and_bars_can_be_spelled() {
        assert_eq!(spelled("│   └── pod ä ██"), "|   `-- pod ä ##");
    }

    #[test]
    fn the_first_variable_that_says_something_counts() {
        let cases: &[(&[(&str, &str)], bool)] = &[
            (&[], true),
            (&[("LANG", "C")], false),
            (&[("LANG", "POSIX"), ("LC_ALL", "")], false),
            (&[("LANG", "C"), ("LC_ALL", "C.UTF-8")], true),
            (&[("LANG", "de_DE.utf8")], true),
            (
                &[("LANG", "en_US.UTF-8"), ("LC_CTYPE", "en_US.ISO-8859-1")],
                false,
            ),
        ];
        for (set, expected) in cases {
            let variable = |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(says_utf8(variable), *expected, "{set:?}");
        }
    }
}
