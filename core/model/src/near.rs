//! Near names for "did you mean": the one place that decides how near is near.

/// Up to three names of `names` that `word` may have been meant to be, best first.
///
/// A name is near when at most two edits separate them, or when one holds the other
/// (`pod` in `kubernetes_pod`).
pub fn near<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let mut found: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| distance(&word, name).map(|far| (far, name)))
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

fn distance(word: &str, name: &str) -> Option<usize> {
    let edits = strsim::osa_distance(word, &name.to_lowercase());
    if edits <= 2 && edits < word.chars().count() {
        return Some(edits);
    }
    let holds = word.len() >= 3 && name.to_lowercase().contains(word);
    holds.then(|| 3 + name.len() - word.len())
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn the_nearest_comes_first() {
        let names = [
            "kubernetes_pod",
            "kubernetes_pod_template",
            "kubernetes_node",
        ];
        assert_eq!(near("kubernetes_pdo", names), ["kubernetes_pod"]);
        assert_eq!(
            near("pod", names),
            ["kubernetes_pod", "kubernetes_pod_template"]
        );
        assert!(near("zzz", names).is_empty());
    }

    #[test]
    fn a_short_word_is_not_near_to_everything() {
        assert!(near("x", ["a", "b"]).is_empty());
    }
}
