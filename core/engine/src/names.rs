//! The names of all rows next to each other, so that looking at every name reads one piece of memory and no
//! documents.
use crate::document::Item;
use crate::partition::{Partition, Row, row_number};
use crate::pattern::Pattern;
use crate::shift::Shift;

/// `reported.name` by row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) joined: String,
    /// Where each name ends.
    pub(crate) ends: Vec<usize>,
    /// Whether every row has a name that is a text; if not, documents say more than these names.
    pub(crate) complete: bool,
}

impl Names {
    /// Reads the names out of the documents.
    pub(crate) fn read(partition: &Partition) -> Self {
        let key = partition.strings.find("name").expect("an own key");
        let mut names = Self {
            complete: true,
            ..Self::default()
        };
        for row in 0..row_number(partition.len()) {
            let value = partition.reported(row).member_numbered(key);
            match value.map(crate::document::Cursor::item) {
                Some(Item::Text(text)) => names.joined.push_str(text),
                _ => names.complete = false,
            }
            names.ends.push(names.joined.len());
        }
        names.joined.shrink_to_fit();
        names.ends.shrink_to_fit();
        names
    }

    /// The names of rows that moved, and those of new rows.
    pub(crate) fn spliced(old: &Self, shift: &Shift, new: &[&str]) -> Self {
        let length = old.joined.len() + new.iter().map(|name| name.len()).sum::<usize>();
        let mut names = Self {
            joined: String::with_capacity(length),
            ends: Vec::with_capacity(shift.len()),
            complete: old.complete,
        };
        let mut new = new.iter();
        let mut add_new = |names: &mut Self, until: Row| {
            while names.ends.len() < until as usize {
                let name = new.next().expect("there is a name for each new row");
                names.joined.push_str(name);
                names.ends.push(names.joined.len());
            }
        };
        for run in shift.runs() {
            add_new(&mut names, run.new);
            let start = old.start(run.old.start);
            let end = old.ends[run.old.end as usize - 1];
            let moved = names.joined.len();
            names.joined.push_str(&old.joined[start..end]);
            let ends = old.ends[run.places()].iter();
            names.ends.extend(ends.map(|end| end - start + moved));
        }
        add_new(&mut names, row_number(shift.len()));
        names
    }

    /// Notes that documents say more than these names.
    pub(crate) fn is_not_complete(&mut self) {
        self.complete = false;
    }

    /// The name of a row; empty if it is no text.
    pub(crate) fn get(&self, row: Row) -> &str {
        &self.joined[self.start(row)..self.ends[row as usize]]
    }

    fn start(&self, row: Row) -> usize {
        let before = (row as usize).checked_sub(1);
        before.map_or(0, |before| self.ends[before])
    }

    /// Those of some rows, which ascend, whose names match a pattern.
    pub(crate) fn matching(&self, rows: &[Row], pattern: &Pattern) -> Vec<Row> {
        let each = |rows: &[Row]| {
            let matches = |row: &Row| pattern.is_match(self.get(*row));
            rows.iter().copied().filter(matches).collect()
        };
        let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else {
            return Vec::new();
        };
        if (last - first) as usize + 1 != rows.len() {
            return each(rows);
        }
        // Names that follow each other are one text.
        let text = &self.joined.as_bytes()[self.start(first)..self.ends[last as usize]];
        let Some(finder) = pattern.finder(text) else {
            return each(rows);
        };
        let length = finder.needle().len();
        let ends = &self.ends[first as usize..=last as usize];
        let (mut found, mut at) = (Vec::new(), self.start(first));
        let end = at + text.len();
        while let Some(place) = finder.find(&self.joined.as_bytes()[at..end]) {
            let here = at + place;
            let row = ends.partition_point(|end| *end <= here);
            if here + length > ends[row] {
                // It stands half in this name, half in the next.
                at = here + 1;
                continue;
            }
            let row = first + row_number(row);
            if pattern.is_match(self.get(row)) {
                found.push(row);
            }
            at = self.ends[row as usize];
        }
        found
    }

    /// Whether [`Names::get`] says all there is to say about the property `name`.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.joined.capacity() + size_of::<usize>() * self.ends.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], pattern: &str) {
        let mut all = Names::default();
        for name in names {
            all.joined.push_str(name);
            all.ends.push(all.joined.len());
        }
        let pattern = Pattern::new(pattern).unwrap();
        let count = row_number(names.len());
        for first in 0..count {
            let rows: Vec<Row> = (first..count).collect();
            let matches = |row: &&Row| pattern.is_match(names[**row as usize]);
            let expected: Vec<Row> = rows.iter().filter(matches).copied().collect();
            assert_eq!(all.matching(&rows, &pattern), expected);
            let few: Vec<Row> = rows.iter().step_by(2).copied().collect();
            let expected: Vec<Row> = few.iter().filter(matches).copied().collect();
            assert_eq!(all.matching(&few, &pattern), expected);
        }
    }

    #[test]
    fn names_match_alone_however_they_are_kept() {
        let names = ["xa", "aay", "", "aa", "a", "a", "web-aa-aa", "aax", "w"];
        for pattern in ["aa", "aa$", "^aa", "a+", "web-.*-aa", "", "absent"] {
            check(&names, pattern);
        }
        check(&["AA", "aa", "aA"], "aa");
        check(&["\u{212a}ube", "kube"], "kube");
        check(&[], "aa");
    }
}
