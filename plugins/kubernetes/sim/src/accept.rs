//! Content negotiation: which of the forms a resource can be shown in a client wants.
//!
//! Everything is JSON; YAML and Protobuf are named in refusals, as a real server names them, but not spoken.

/// A form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The object or list itself.
    Plain,
    /// `PartialObjectMetadata` or its list.
    Metadata,
    /// `Table`.
    Table,
    /// `APIGroupDiscoveryList`.
    AggregatedDiscovery,
}

/// The first form the client names that is offered; `None` when there is none (406).
pub(crate) fn negotiate(accept: Option<&str>, offers: &[Form]) -> Option<Form> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return Some(Form::Plain);
    };
    accept
        .split(',')
        .filter_map(form)
        .find(|form| offers.contains(form))
}

fn form(clause: &str) -> Option<Form> {
    let mut parts = clause.split(';').map(str::trim);
    if !matches!(
        parts.next(),
        Some("application/json" | "application/*" | "*/*")
    ) {
        return None;
    }
    let (mut kind, mut group, mut version, mut stream) = ("", "", "", false);
    for (key, value) in parts.filter_map(|part| part.split_once('=')) {
        match key {
            "as" => kind = value,
            "g" => group = value,
            "v" => version = value,
            "stream" => stream = true,
            _ => {}
        }
    }
    match (kind, group, version) {
        _ if stream => None,
        ("", ..) => Some(Form::Plain),
        ("PartialObjectMetadata" | "PartialObjectMetadataList", "meta.k8s.io", "v1") => {
            Some(Form::Metadata)
        }
        ("Table", "meta.k8s.io", "v1") => Some(Form::Table),
        ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2") => Some(Form::AggregatedDiscovery),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_that_is_offered_wins() {
        let offers = [Form::Plain, Form::Metadata, Form::Table];
        for (accept, expected) in [
            ("", Some(Form::Plain)),
            ("*/*", Some(Form::Plain)),
            ("text/csv", None),
            (
                "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
                Some(Form::Table),
            ),
            (
                "application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
                Some(Form::Plain),
            ),
            (
                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
                Some(Form::Metadata),
            ),
            (
                "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
                None,
            ),
            (
                "application/vnd.kubernetes.protobuf,application/json",
                Some(Form::Plain),
            ),
        ] {
            assert_eq!(negotiate(Some(accept), &offers), expected, "{accept}");
        }
    }
}
