//! Which rows answer to a key (a name, a label) and which rows asked for it, so that a change finds the references
//! it touches without a look at the others. Keys are hashes: whoever uses what is found here looks twice.
use std::convert::Infallible;
use std::sync::Arc;

use stocktake_model::{Derive, EdgeRule, Find, Model, Over, Path, Scope, mixed};

use crate::document::{Cursor, Item};
use crate::keys::{Entries, Key, Keys, note};
use crate::labels::Labels;
use crate::namespaces::Namespaces;
use crate::parallel::{parallel, threads};
use crate::partition::{NO_ROW, Partition, Row};
use crate::reference::{NAMESPACE, property_name};
use crate::resolve::{Resolver, api_name, text};
use crate::shift::Shift;
use crate::steps::Steps;
use crate::view::View;

/// What the rules ask rows for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asking {
    /// Kinds that labels select.
    selected: Vec<String>,
    /// Kinds, property, and the name of both.
    properties: Vec<(Vec<String>, Path, String)>,
    /// Kinds that tell others what kind to look for, and where.
    tellers: Vec<(String, Path)>,
    /// Ways to the top-most owner.
    tops: Vec<Over>,
}

impl Asking {
    fn of(rules: &[EdgeRule], derived: &[Derive]) -> Self {
        let mut asking = Self::default();
        let ends = rules.iter().filter_map(|rule| rule.end.as_ref());
        let finds = rules.iter().map(|rule| &rule.find);
        for find in finds.chain(ends.map(|end| &end.find)) {
            match find {
                Find::Selector { kind, scope, .. } => {
                    asking.selected.push(kind.clone());
                    if matches!(scope, Scope::Namespaces(_)) {
                        asking.selected.push(NAMESPACE.to_owned());
                    }
                }
                Find::Property {
                    kinds, property, ..
                } => {
                    let name = property_name(kinds, property);
                    asking
                        .properties
                        .push((kinds.clone(), property.clone(), name));
                }
                Find::Told { by, kind, .. } => {
                    let teller = (by.clone(), kind.clone());
                    if !asking.tellers.contains(&teller) {
                        asking.tellers.push(teller);
                    }
                }
                Find::Uid | Find::Name { .. } | Find::Object => {}
            }
        }
        asking.selected.sort_unstable();
        asking.selected.dedup();
        asking.properties.sort_by(|a, b| a.2.cmp(&b.2));
        asking.properties.dedup_by(|a, b| a.2 == b.2);
        let overs = derived.iter().map(|derive| &derive.over);
        for over in overs.filter(|over| matches!(over, Over::Top { .. })) {
            if !asking.tops.contains(over) {
                asking.tops.push(over.clone());
            }
        }
        asking
    }
}

/// Everything a change needs to find what it touches.
#[derive(Debug)]
pub(crate) struct Links {
    asking: Arc<Asking>,
    answers: Keys,
    asked: Keys,
    /// Where the rows it was made for are now, if something changed since; [`NO_ROW`] for those that changed.
    now: Option<Vec<Row>>,
}

impl Links {
    /// Reads all rows of a partition.
    pub(crate) fn build(
        partition: &Partition,
        model: &Model,
        rules: &[EdgeRule],
        derived: &[Derive],
    ) -> Self {
        let asking = Arc::new(Asking::of(rules, derived));
        // What rules ask for takes about as long as all the rest.
        let halves = parallel(2, threads(), |half| {
            Ok::<_, Infallible>(match half {
                0 => (Entries::new(), Resolver::asked(partition, model, rules)),
                _ => Reader::new(partition, model, &asking).read_all(),
            })
        });
        let Ok(halves) = halves;
        let (answers, asked): (Vec<Entries>, Vec<Entries>) = halves.into_iter().unzip();
        Self {
            asking,
            answers: Keys::new(answers.concat()),
            asked: Keys::new(asked.concat()),
            now: None,
        }
    }

    /// The links of a changed partition, but for what rules ask for the changed rows.
    pub(crate) fn moved(
        &self,
        before: &Partition,
        partition: &Partition,
        model: &Model,
        shift: &Shift,
        changed: &[Row],
    ) -> Self {
        let reader = Reader::new(partition, model, &self.asking);
        let (mut answers, mut asked) = (Entries::new(), Entries::new());
        for row in changed {
            reader.answers(*row, &mut |key| note(&mut answers, key, *row));
            reader.asks(*row, &mut asked);
        }
        Self {
            asking: Arc::clone(&self.asking),
            answers: self.answers.moved(shift, changed, answers),
            asked: self.asked.moved(shift, changed, asked),
            now: Some(self.now(before, shift, changed)),
        }
    }

    fn now(&self, before: &Partition, shift: &Shift, changed: &[Row]) -> Vec<Row> {
        let mut now: Vec<Row> = match &self.now {
            Some(now) => now.iter().map(|row| shift.new_row(*row)).collect(),
            None => before.rows().map(|row| shift.new_row(row)).collect(),
        };
        let mut is_changed = vec![false; shift.len()];
        for row in changed {
            is_changed[*row as usize] = true;
        }
        for row in &mut now {
            if is_changed.get(*row as usize) == Some(&true) {
                *row = NO_ROW;
            }
        }
        now
    }

    /// Adds what rules ask for the changed rows.
    pub(crate) fn ask(&mut self, changed: &[Row], asked: Entries) {
        let asked = asked.into_iter();
        let of_changed = asked.filter(|(_, row)| changed.binary_search(row).is_ok());
        self.asked.extend(of_changed);
    }

    /// The same without a trace of what it was made for.
    pub(crate) fn merged(&self) -> Self {
        Self {
            asking: Arc::clone(&self.asking),
            answers: self.answers.merged(self.now.as_deref()),
            asked: self.asked.merged(self.now.as_deref()),
            now: None,
        }
    }

    /// Rows that may answer to a key.
    pub(crate) fn answering(&self, key: Key<'_>) -> impl Iterator<Item = Row> {
        self.answers.rows(key.number(), self.now.as_deref())
    }

    /// Rows that may have asked for a key.
    pub(crate) fn asking(&self, key: Key<'_>) -> impl Iterator<Item = Row> {
        self.asking_for(key.number())
    }

    /// Reads keys out of the documents of a partition.
    pub(crate) fn reader<'p>(&'p self, partition: &'p Partition, model: &Model) -> Reader<'p> {
        Reader::new(partition, model, &self.asking)
    }

    /// Rows that may have asked for a hashed key.
    pub(crate) fn asking_for(&self, number: u32) -> impl Iterator<Item = Row> {
        self.asked.rows(number, self.now.as_deref())
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let now = self.now.as_ref().map_or(0, |now| 4 * now.capacity());
        self.answers.memory_bytes() + self.asked.memory_bytes() + now
    }
}

/// Reads keys out of documents.
pub(crate) struct Reader<'p> {
    partition: &'p Partition,
    namespaces: Namespaces<'p>,
    labels: Labels<'p>,
    /// By kind of the partition.
    selected: Vec<bool>,
    properties: Vec<(Vec<bool>, Steps, &'p str)>,
    tellers: Vec<(Vec<bool>, Steps)>,
    tops: Vec<(Steps, Steps)>,
}

impl<'p> Reader<'p> {
    fn new(partition: &'p Partition, model: &Model, asking: &'p Asking) -> Self {
        let lineages = partition.kinds.iter().map(|kind| model.lineage(&kind.name));
        let lineages: Vec<Vec<&str>> = lineages.collect();
        let is_one = |bases: &[String]| -> Vec<bool> {
            let any = |line: &Vec<&str>| bases.iter().any(|base| line.contains(&base.as_str()));
            lineages.iter().map(any).collect()
        };
        let strings = &partition.strings;
        let properties = asking.properties.iter().map(|(kinds, property, name)| {
            let steps = Steps::bind(property, strings);
            (is_one(kinds), steps, name.as_str())
        });
        let tellers = asking.tellers.iter().map(|(by, kind)| {
            let steps = Steps::bind(kind, strings);
            (is_one(std::slice::from_ref(by)), steps)
        });
        let tops = asking.tops.iter().filter_map(|over| match over {
            Over::Top { each, uid, .. } => {
                Some((Steps::bind(each, strings), Steps::bind(uid, strings)))
            }
            _ => None,
        });
        Self {
            partition,
            namespaces: Namespaces::of(partition),
            labels: Labels::of(partition),
            selected: is_one(&asking.selected),
            properties: properties.collect(),
            tellers: tellers.collect(),
            tops: tops.collect(),
        }
    }

    /// What all rows answer to, and what they ask for.
    fn read_all(&self) -> (Entries, Entries) {
        let (mut answers, mut asked) = (Entries::new(), Entries::new());
        for row in self.partition.rows() {
            self.answers(row, &mut |key| note(&mut answers, key, row));
            self.asks(row, &mut asked);
        }
        (answers, asked)
    }

    fn answers(&self, row: Row, found: &mut dyn FnMut(Key<'_>)) {
        let namespace = self.namespaces.get(row);
        found(Key::Name(namespace, self.partition.name(row)));
        self.properties(row, found);
        if self.selected[self.partition.kind_code(row)] {
            found(Key::AllOf(namespace));
            self.each_label(row, &mut |label, value| {
                found(Key::Label(namespace, label, value));
            });
        }
    }

    fn properties(&self, row: Row, found: &mut dyn FnMut(Key<'_>)) {
        let kind = self.partition.kind_code(row);
        for (kinds, steps, name) in &self.properties {
            if kinds[kind] {
                steps.each(self.partition.reported(row), &mut |value| {
                    if let Some(text) = text(value) {
                        found(Key::Property(name, self.namespaces.get(row), text));
                    }
                });
            }
        }
    }

    /// The hashed keys that a reference to this row may have asked for, in groups of which a changed one counts as a
    /// whole: what it is called and tells, what it has, its labels.
    pub(crate) fn groups(&self, row: Row) -> [Vec<u32>; 3] {
        let mut groups = [Vec::new(), Vec::new(), Vec::new()];
        let partition = self.partition;
        let namespace = self.namespaces.get(row);
        let (uid, name) = (partition.uid(row), partition.name(row));
        let called = [
            Key::Uid(uid),
            Key::Name(namespace, name),
            Key::NameAnywhere(name),
            Key::Region(partition.kind(row), name),
        ];
        groups[0].extend(called.map(Key::number));
        self.tells(row, &mut |key| groups[0].push(key.number()));
        self.properties(row, &mut |key| groups[1].push(key.number()));
        let labels = &mut groups[2];
        labels.extend([Key::AllOf(namespace), Key::Anything].map(Key::number));
        self.each_label(row, &mut |label, value| {
            let keys = [
                Key::Label(namespace, label, value),
                Key::LabelAnywhere(label, value),
            ];
            labels.extend(keys.map(Key::number));
        });
        groups
    }

    /// What a row tells those that name it counts like its name.
    fn tells(&self, row: Row, found: &mut dyn FnMut(Key<'_>)) {
        let kind = self.partition.kind_code(row);
        for (_, steps) in self.tellers.iter().filter(|(kinds, _)| kinds[kind]) {
            steps.each(self.partition.reported(row), &mut |told| {
                if let Some((kind, group)) = api_name(told) {
                    found(Key::Told(kind, group));
                }
            });
        }
    }

    fn each_label(&self, row: Row, found: &mut dyn FnMut(&str, &str)) {
        if let Some(Item::Object(labels)) = self.labels.get(row).map(Cursor::item) {
            for (label, value) in labels.members() {
                if let Some(value) = text(value) {
                    found(label, value);
                }
            }
        }
    }

    /// What a row asks for beside what rules look up: what contains it, and its owners.
    fn asks(&self, row: Row, asked: &mut Entries) {
        let parent = self.partition.sections(row).parent.to_value();
        match crate::partition::parent_of(&parent) {
            stocktake_model::Parent::Account => {}
            stocktake_model::Parent::Uid(uid) => note(asked, Key::Uid(&uid), row),
            stocktake_model::Parent::Region { kind, name } => {
                note(asked, Key::Region(&kind, &name), row);
            }
        }
        for (each, uid) in &self.tops {
            each.each(self.partition.reported(row), &mut |element| {
                if let Some(uid) = uid.first(element).and_then(|uid| View::Doc(uid).text()) {
                    note(asked, Key::Owner(&uid), row);
                }
            });
        }
    }
}

/// Tells rules apart from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint(pub(crate) u64);

impl Fingerprint {
    /// The same for the same rules, also in files.
    pub(crate) fn of(rules: &[EdgeRule], derived: &[Derive]) -> Self {
        let text = serde_json::to_string(&(rules, derived));
        let text = text.expect("rules are texts, numbers and lists");
        Self(mixed(text.bytes()))
    }
}
