//! Files that documents name: whether they are there is asked of the caller, this room reads none.
use crate::document::DocumentId;
use crate::error::{Problem, ProblemKind};
use crate::steps::{Step, show};
use crate::{tree, yaml};

/// Where documents list files: section and key.
const LISTS: [(&str, &str); 2] = [("k8s", "config_files"), ("file", "files")];

/// The files a document names that `is_there` denies, each with its place. Texts that mention variables are passed over.
pub fn missing_files(id: DocumentId, text: &str, is_there: &dyn Fn(&str) -> bool) -> Vec<Problem> {
    let Some(document) = (id == DocumentId::Worker)
        .then(|| yaml::read(text).ok())
        .flatten()
    else {
        return Vec::new();
    };
    let entries = |(section, list): (&'static str, &'static str)| {
        let entries = document[section][list].as_array();
        let named = entries.into_iter().flatten().enumerate();
        named.filter_map(move |(at, entry)| Some((section, list, at, entry["path"].as_str()?)))
    };
    LISTS
        .into_iter()
        .flat_map(entries)
        .filter(|(.., file)| !file.is_empty() && !file.contains("$(") && !is_there(file))
        .map(|(section, list, at, file)| {
            let keys = |name: &str| Step::Key(name.to_owned());
            let path = [keys(section), keys(list), Step::Item(at), keys("path")];
            Problem {
                kind: ProblemKind::NoFile {
                    path: show(&path),
                    file: file.to_owned(),
                },
                place: tree::value_place(text, &path),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_told_with_its_place() {
        let text = "k8s:\n  config_files:\n    - path: /a\n    - path: /b\n    - path: $(HOME)/c\n\
                    file:\n  files:\n    - path: /d\n";
        let missing = missing_files(DocumentId::Worker, text, &|file| file == "/a");
        let told: Vec<String> = missing.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "line 4, column 13: `k8s.config_files[1].path`: there is no file `/b` here",
                "line 8, column 13: `file.files[0].path`: there is no file `/d` here",
            ]
        );
        assert!(missing_files(DocumentId::Core, text, &|_| false).is_empty());
        assert!(missing_files(DocumentId::Worker, ": [", &|_| false).is_empty());
    }
}
