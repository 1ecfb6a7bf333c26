//! Image references: registry, repository, tag and digest, with the defaults a runtime fills in.
use serde_json::Value;
use stocktake_model::Map;

/// The parts of an image reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image<'a> {
    registry: &'a str,
    repository: String,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Image<'a> {
    /// Reads a reference as container runtimes do: `nginx` is `docker.io/library/nginx:latest`.
    pub(crate) fn parse(reference: &'a str) -> Self {
        let (name, digest) = match reference.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (reference, None),
        };
        let (registry, path) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
            _ => ("docker.io", name),
        };
        let (path, tag) = match path.rsplit_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (path, None),
        };
        let repository = if registry == "docker.io" && !path.contains('/') {
            format!("library/{path}")
        } else {
            path.to_owned()
        };
        let tag = tag.or(if digest.is_none() {
            Some("latest")
        } else {
            None
        });
        Self {
            registry,
            repository,
            tag,
            digest,
        }
    }

    /// The digest the reference itself names.
    pub(crate) fn digest(&self) -> Option<&'a str> {
        self.digest
    }

    /// The parts as properties.
    pub(crate) fn properties(&self) -> Map {
        let mut map = Map::new();
        let mut set = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                map.insert(name.to_owned(), Value::from(value));
            }
        };
        set("image_registry", Some(self.registry));
        set("image_repository", Some(&self.repository));
        set("image_tag", self.tag);
        set("image_digest", self.digest);
        map
    }
}

/// The digest in a status `imageID`: what stands behind the last `@`, or the whole without its scheme, if it
/// is one.
pub(crate) fn status_digest(image_id: &str) -> Option<&str> {
    let plain = image_id
        .rsplit_once("://")
        .map_or(image_id, |(_, rest)| rest);
    let last = plain.rsplit_once('@').map_or(plain, |(_, digest)| digest);
    last.starts_with("sha256:").then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reference: &str, expected: [&str; 4]) {
        let image = Image::parse(reference);
        let found = [
            image.registry,
            &image.repository,
            image.tag.unwrap_or_default(),
            image.digest.unwrap_or_default(),
        ];
        assert_eq!(found, expected, "{reference}");
    }

    #[test]
    fn references_are_read_as_runtimes_do() {
        check("nginx", ["docker.io", "library/nginx", "latest", ""]);
        check("nginx:1.27", ["docker.io", "library/nginx", "1.27", ""]);
        check("team/app:1", ["docker.io", "team/app", "1", ""]);
        check("localhost/app", ["localhost", "app", "latest", ""]);
        check("reg:5000/a/b:2", ["reg:5000", "a/b", "2", ""]);
        check("ghcr.io/a/b@sha256:ab", ["ghcr.io", "a/b", "", "sha256:ab"]);
        check(
            "ghcr.io/a/b:3@sha256:ab",
            ["ghcr.io", "a/b", "3", "sha256:ab"],
        );
        check("", ["docker.io", "library/", "latest", ""]);
    }

    #[test]
    fn digests_of_statuses_lose_their_scheme() {
        assert_eq!(
            status_digest("docker-pullable://nginx@sha256:ab"),
            Some("sha256:ab")
        );
        assert_eq!(status_digest("nginx@sha256:ab"), Some("sha256:ab"));
        assert_eq!(status_digest("sha256:ab"), Some("sha256:ab"));
        assert_eq!(status_digest("docker://sha256:ab"), Some("sha256:ab"));
        assert_eq!(status_digest("nginx"), None);
    }
}
