//! Counts with bars behind them: a histogram of text.
use unicode_width::UnicodeWidthStr as _;

use crate::table::padded;

/// Columns of a screen nobody knows the width of.
const WIDTH: usize = 80;
/// Columns no bar is shorter than at its longest, however long the names are.
const SHORTEST: usize = 10;

/// A line for each name and its count: the longest bar ends where the screen does.
pub(crate) fn lines(counts: &[(String, u64)], width: Option<u16>) -> Vec<String> {
    let width = width.map_or(WIDTH, usize::from);
    let names = counts.iter().map(|(name, _)| name.width()).max();
    let digits = counts
        .iter()
        .map(|(_, count)| count.to_string().len())
        .max();
    let (names, digits) = (names.unwrap_or(0), digits.unwrap_or(0));
    let room = width.saturating_sub(names + digits + 4).max(SHORTEST) as u64;
    let most = counts
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or(0)
        .max(1);
    let line = |(name, count): &(String, u64)| {
        // Something is never nothing.
        let length = (count.saturating_mul(room).div_ceil(most)).min(room);
        let bar = "█".repeat(usize::try_from(length).unwrap_or(0));
        let line = format!(
            "{} {count:>digits$}  {bar}",
            padded(&format!("{name}:"), names + 1)
        );
        line.trim_end().to_owned()
    };
    counts.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_longest_bar_ends_where_the_screen_does() {
        let counts = [("a", 0), ("日本", 1), ("node", 7), ("pod", 300)];
        let counts = counts.map(|(name, count)| (name.to_owned(), count));
        let shown = lines(&counts, Some(30));
        expect![[r"
            a:      0
            日本:   1  █
            node:   7  █
            pod:  300  ███████████████████"]]
        .assert_eq(&shown.join("\n"));
        assert_eq!(shown.last().map(|line| line.width()), Some(30));
        assert!(lines(&counts, Some(3)).iter().all(|line| line.width() < 30));
        assert!(lines(&[], None).is_empty());
    }
}
