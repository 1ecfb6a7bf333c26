//! The columns of a list: which of those nobody named are shown, how they are read, and what stands above them.
use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;
use stocktake_query::{Path, Segment};

use crate::flow::absolute;
use crate::reader::Reader;
use crate::table::Heading;
use crate::{Column, Scene, columns};

/// Which of the columns nobody named are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Width {
    #[default]
    All,
    /// Those that matter most.
    Brief,
    /// Those of a table for programs: region and zone are one column, and the last update is none.
    Joined,
}

/// A column and how it is read.
pub(super) struct Shown {
    pub(super) name: Arc<str>,
    pub(super) reader: Reader,
    /// What counts where there is no value.
    otherwise: Option<Reader>,
}

impl Shown {
    pub(super) fn new(path: &Path, name: &str, scene: &Scene) -> Self {
        Self {
            name: name.into(),
            reader: Reader::new(path, scene),
            otherwise: None,
        }
    }

    /// The value of an element in this column.
    pub(super) fn value<'v>(&self, element: &'v Value) -> Option<Cow<'v, Value>> {
        let otherwise = || self.otherwise.as_ref()?.value(element);
        self.reader.value(element).or_else(otherwise)
    }

    /// What stands above it.
    pub(super) fn heading(&self) -> Heading {
        let path = self.reader.path();
        let of = self.reader.of.as_ref();
        Heading {
            name: self.name.to_string(),
            path: path.to_string(),
            kind: of.map_or("any".to_owned(), ToString::to_string),
            display: match &self.otherwise {
                Some(_) => "Region / Zone".to_owned(),
                None => display(&self.name, &path.segments),
            },
        }
    }
}

/// Columns that nobody named, as far as they are shown.
pub(super) fn usual(all: &[Column], width: Width, scene: &Scene) -> Vec<Shown> {
    let place = |name: &str| absolute(&["ancestors", name, "reported", "name"]);
    let (region, zone) = (place("region"), place("zone"));
    let both =
        [&region, &zone].map(|path| all.iter().any(|column| column.path == *path)) == [true; 2];
    let shown = all.iter().filter_map(|column| {
        let plain = || Shown::new(&column.path, &column.name, scene);
        match width {
            Width::Brief if columns::is_minor(column) => None,
            Width::Joined if column.path == absolute(&["reported", "last_update"]) => None,
            Width::Joined if both && column.path == region => None,
            Width::Joined if both && column.path == zone => Some(Shown {
                otherwise: Some(Reader::new(&region, scene)),
                ..Shown::new(&zone, "region_zone", scene)
            }),
            _ => Some(plain()),
        }
    });
    shown.collect()
}

/// A property as people write it: `pod_status.pod_ip` is `Pod Status ➞ Pod Ip`. A name somebody gave a column stands
/// for itself.
fn display(name: &str, path: &[Segment]) -> String {
    let parts: Vec<&str> = path.iter().map(|part| part.name.as_str()).collect();
    let below = match parts.as_slice() {
        ["ancestors" | "descendants", kind, _, rest @ ..] => [&[*kind], rest].concat(),
        [_, rest @ ..] if !rest.is_empty() => rest.to_vec(),
        whole => whole.to_vec(),
    };
    let own = below.last() == Some(&name);
    let parts = if own { below } else { vec![name] };
    let titles: Vec<String> = parts.into_iter().map(titled).collect();
    titles.join(" \u{279e} ")
}

/// `pod_count` is `Pod Count`.
fn titled(name: &str) -> String {
    let words = name.split('_').filter_map(|word| {
        let mut chars = word.chars();
        let first = chars.next()?;
        Some(first.to_uppercase().chain(chars).collect())
    });
    words.collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::Settings;
    use crate::fixture::Fixture;

    #[test]
    fn a_region_stands_where_no_zone_is_known() {
        let fixture = Fixture::default();
        let scene = Scene::new(&fixture, &Settings::default(), BTreeMap::new()).unwrap();
        let place = |name: &str| Column {
            path: absolute(&["ancestors", name, "reported", "name"]),
            name: name.to_owned(),
        };
        let all = [place("region"), place("zone")];
        let shown = usual(&all, Width::Joined, &scene);
        let names: Vec<&str> = shown.iter().map(|shown| &*shown.name).collect();
        assert_eq!(names, ["region_zone"]);
        let value = |ancestors: Value| {
            let node = json!({"reported": {"kind": "x"}, "ancestors": ancestors});
            shown[0].value(&node).map(Cow::into_owned)
        };
        let (region, zone) = (
            json!({"reported": {"name": "eu"}}),
            json!({"reported": {"name": "eu-a"}}),
        );
        assert_eq!(value(json!({"region": region})), Some(json!("eu")));
        assert_eq!(
            value(json!({"region": region, "zone": zone})),
            Some(json!("eu-a"))
        );
        assert_eq!(value(json!({})), None);
        // Alone, each is what it is called.
        let alone = usual(&all[..1], Width::Joined, &scene);
        assert_eq!(alone[0].heading().display, "Region");
    }

    #[test]
    fn columns_are_called_as_people_write_them() {
        for (name, path, shown) in [
            ("name", &["reported", "name"][..], "Name"),
            ("pod_count", &["reported", "pod_count"], "Pod Count"),
            (
                "pod_ip",
                &["reported", "pod_status", "pod_ip"],
                "Pod Status \u{279e} Pod Ip",
            ),
            (
                "name",
                &["ancestors", "account", "reported", "name"],
                "Account \u{279e} Name",
            ),
            (
                "cloud",
                &["ancestors", "cloud", "reported", "name"],
                "Cloud",
            ),
            ("ip", &["reported", "pod_status", "pod_ip"], "Ip"),
            ("node_id", &["id"], "Node Id"),
            ("sum_of_1", &["sum_of_1"], "Sum Of 1"),
            ("kind", &["group", "kind"], "Kind"),
        ] {
            assert_eq!(display(name, &absolute(path).segments), shown);
        }
    }
}
