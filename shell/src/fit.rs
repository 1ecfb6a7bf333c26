//! Tables on a narrow terminal: the widest columns give way until a line fits, and what was cut ends with `…` (`~` where
//! the locale is not UTF-8).
//!
//! Works on the lines as the core aligned them: a heading in capitals, columns two or more blanks apart. Everything else, and
//! everything that is not for a terminal, passes unchanged.
use console::{measure_text_width, truncate_str};

/// Columns never get narrower than this, headings included.
const NARROWEST: usize = 6;

/// A table on its way to a terminal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    /// Where columns begin, as the heading says, and how wide each may be.
    columns: Vec<(usize, usize)>,
    width: usize,
    /// What stands for text that was cut.
    tail: &'static str,
}

impl Fit {
    /// How the table below `heading` fits into `width` columns; `None` if it does as it is, or is no table.
    ///
    /// `tail` stands for what is cut. `sample` are the lines that follow, as far as they are known: they say how much of a column is used.
    pub(crate) fn new(
        heading: &str,
        sample: &[String],
        width: usize,
        tail: &'static str,
    ) -> Option<Self> {
        let starts = starts(heading)?;
        let lines = || std::iter::once(heading).chain(sample.iter().map(String::as_str));
        if lines().all(|line| measure_text_width(line) <= width) {
            return None;
        }
        let mut widths: Vec<usize> = (0..starts.len())
            .map(|at| {
                lines()
                    .map(|line| measure_text_width(cell(line, &starts, at)))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        shrink(&mut widths, width);
        let columns = starts.into_iter().zip(widths).collect();
        Some(Self {
            columns,
            width,
            tail,
        })
    }

    /// A line of the table, cut to fit.
    pub(crate) fn line(&self, line: &str) -> String {
        let starts: Vec<usize> = self.columns.iter().map(|(start, _)| *start).collect();
        let mut out = String::new();
        for (at, (_, width)) in self.columns.iter().enumerate() {
            let cut = truncate_str(cell(line, &starts, at), *width, self.tail);
            out.push_str(&console::pad_str(
                &cut,
                *width,
                console::Alignment::Left,
                None,
            ));
            out.push_str("  ");
        }
        // Rows further down may be wider than the heading promised.
        truncate_str(out.trim_end(), self.width, self.tail).into_owned()
    }
}

/// Where the columns of a heading begin, in terminal columns; `None` if the line is no heading of several columns.
fn starts(heading: &str) -> Option<Vec<usize>> {
    let capital =
        |c: char| c.is_ascii() && !c.is_ascii_lowercase() && !matches!(c, '=' | ':' | ',');
    if !heading.chars().all(capital) || !heading.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let bytes = heading.as_bytes();
    let begins =
        |at: &usize| *at == 0 || (bytes[*at] != b' ' && *at > 1 && bytes[at - 2..*at] == *b"  ");
    let starts: Vec<usize> = (0..bytes.len()).filter(begins).collect();
    (starts.len() > 1).then_some(starts)
}

/// The text of a column, without the blanks that align it.
fn cell<'l>(line: &'l str, starts: &[usize], at: usize) -> &'l str {
    let from = byte_at(line, starts[at]);
    let to = starts
        .get(at + 1)
        .map_or(line.len(), |next| byte_at(line, *next));
    line[from..to.max(from)].trim()
}

/// The byte a terminal column is at; the end if the line is shorter.
fn byte_at(line: &str, column: usize) -> usize {
    let mut width = 0;
    for (at, c) in line.char_indices() {
        if width >= column {
            return at;
        }
        width += measure_text_width(c.encode_utf8(&mut [0; 4]));
    }
    line.len()
}

/// Takes from the widest column, one at a time, until all of them fit with two blanks between.
fn shrink(widths: &mut [usize], room: usize) {
    let gaps = 2 * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        let Some(widest) = widths.iter_mut().max_by_key(|width| **width) else {
            return;
        };
        if *widest <= NARROWEST {
            return;
        }
        *widest -= 1;
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(lines: &[&str], width: usize, expected: Expect) {
        let sample: Vec<String> = lines[1..].iter().map(|&line| line.to_owned()).collect();
        let shown = match Fit::new(lines[0], &sample, width, "…") {
            None => "as it is".to_owned(),
            Some(fit) => lines
                .iter()
                .map(|line| fit.line(line))
                .collect::<Vec<_>>()
                .join("\n"),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn the_widest_columns_give_way() {
        let table = [
            "NAME                            AGE  POD_STATUS.PHASE",
            "acme-operator-clrp7zkzdb-b49sj  3d   Running",
            "日本日本日本日本日本日本日本    1h   Pending",
            "x                               9mo  ",
        ];
        check(
            &table,
            30,
            expect![[r"
                NAME          AGE  POD_STATUS…
                acme-operat…  3d   Running
                日本日本日…   1h   Pending
                x             9mo"]],
        );
        check(&table, 60, expect!["as it is"]);
    }

    #[test]
    fn a_terminal_too_narrow_for_the_columns_cuts_the_lines() {
        check(
            &["AAAAAAAAAA  BBBBBBBBBB", "aaaaaaaaaa  bbbbbbbbbb"],
            10,
            expect![[r"
                AAAAA…  B…
                aaaaa…  b…"]],
        );
    }

    #[test]
    fn only_headings_in_capitals_make_a_table() {
        for line in [
            "kind=pod, name=web",
            "Running: 3",
            "name  age",
            "ERROR",
            "",
            "A, B  C",
        ] {
            assert_eq!(Fit::new(line, &[], 2, "…"), None, "{line}");
        }
    }
}
