//! Documents of an older version: they are completed when they are opened, and never worsened.
use super::*;

const OLD: &str = "# Jane's\nresotocore:\n  graph:\n    keep_history: false  # for now\n";

fn opened(text: &str) -> (Documents, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store
        .put_document("stocktake.core", text, Some(0), now())
        .unwrap();
    (Documents::open(store).unwrap(), dir)
}

#[test]
fn an_older_document_gets_the_keys_it_lacks() {
    let (documents, _dir) = opened(OLD);
    let shown = documents.text("stocktake.core").unwrap();
    assert!(shown.text.starts_with("# Jane's\nresotocore:\n"));
    assert!(
        shown
            .text
            .contains("    keep_history: false  # for now\n    # Days a change stays"),
        "{}",
        shown.text
    );
    assert!(shown.text.contains("schedule: '0 * * * *'"));
    assert_eq!(shown.revision, 2);
    // The next start finds nothing to do, so that nobody's edit is overtaken.
    let again = Documents::open(documents.store.clone()).unwrap();
    assert_eq!(again.text("stocktake.core").unwrap().revision, 2);
}

#[test]
fn a_document_that_cannot_be_read_stays() {
    for text in ["core: [", "core: {clli: 1}\n"] {
        let (documents, _dir) = opened(text);
        let (stored, revision) = documents.stored(DocumentId::Core).unwrap();
        assert_eq!((stored.as_str(), revision), (text, 1));
    }
}

#[test]
fn a_text_with_a_few_keys_is_stored_whole() {
    let (documents, _dir) = opened(&DocumentId::Core.reference_yaml());
    let saved = documents.save("stocktake.core", OLD, Some(1)).unwrap();
    let compared = documents.compare("stocktake.core", Some(OLD)).unwrap();
    assert!(saved.diff.contains("+    keep_history: false  # for now\n"));
    assert!(!saved.diff.contains("-    keep_history_for_days"));
    assert_eq!(compared.diff, "");
    let shown = documents.text("stocktake.core").unwrap().text;
    assert!(
        shown.contains("    default_section: 'reported'\n"),
        "{shown}"
    );
}
