//! Words a prompt understands by itself: nothing is sent to the core.

/// A line that is for the shell, not for the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Local {
    /// Empty the screen.
    Clear,
    /// Leave.
    Leave,
}

impl Local {
    /// Every word, and what it does.
    pub(crate) const WORDS: [(&str, &str); 3] = [
        ("clear", "empty the screen"),
        ("exit", "leave"),
        ("quit", "leave"),
    ];

    /// What a trimmed line asks of the shell, if it does.
    pub(crate) fn of(line: &str) -> Option<Self> {
        match line {
            "clear" | "cls" => Some(Self::Clear),
            "quit" | "exit" => Some(Self::Leave),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_understood_and_is_no_command_of_the_core() {
        for (word, _) in Local::WORDS {
            assert!(Local::of(word).is_some(), "{word}");
            assert!(stocktake_command::command(word).is_none(), "{word}");
        }
    }
}
