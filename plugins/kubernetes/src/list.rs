//! One list, page by page, to its end: in spite of expired tokens, busy servers and answers that break off.
//!
//! It may give an object twice (after a restart); who takes the objects has to know them by uid.
use crate::connect::{Ask, Link};
use crate::page::{Form, Page};
use crate::retry::Patience;
use crate::trouble::RequestError;

/// Objects asked for at least, however slow the server is.
const SLOWEST: u32 = 10;
/// Times an expired list is continued with the token the server offers; then it is a gap.
const CONTINUATIONS: u32 = 20;

/// A list that is being read.
pub(crate) struct Pager<'l> {
    link: &'l Link,
    patience: Patience,
    path: String,
    /// Name of the one object that is wanted.
    only: Option<String>,
    form: Form,
    limit: u32,
    token: Option<String>,
    ended: bool,
    /// Whether it was started anew already; once is enough.
    restarted: bool,
    continued: u32,
    resource_version: Option<String>,
    /// Version of the first page.
    first_version: Option<String>,
}

impl<'l> Pager<'l> {
    /// A list of what is below `path`, `limit` objects at a time.
    pub(crate) fn new(
        link: &'l Link,
        patience: Patience,
        path: String,
        form: Form,
        limit: u32,
    ) -> Self {
        Self {
            link,
            patience,
            path,
            only: None,
            form,
            limit: limit.max(1),
            token: None,
            ended: false,
            restarted: false,
            continued: 0,
            resource_version: None,
            first_version: None,
        }
    }

    /// The same list, of the object of this name only.
    pub(crate) fn only(mut self, name: &str) -> Self {
        self.only = Some(name.to_owned());
        self
    }

    /// The next page; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Page>, RequestError> {
        if self.ended {
            return Ok(None);
        }
        let page = self.page().await?;
        if self.token.is_none() {
            self.first_version.clone_from(&page.resource_version);
        }
        self.token.clone_from(&page.token);
        self.ended = page.token.is_none();
        self.resource_version.clone_from(&page.resource_version);
        Ok(Some(page))
    }

    /// Version of the list, to resume a watch from; `None` if it is not of one piece.
    pub(crate) fn resource_version(&self) -> Option<String> {
        self.resource_version
            .clone()
            .filter(|_| self.continued == 0)
    }

    /// Version from which a watch misses nothing, even if the list is not of one piece.
    pub(crate) fn watch_version(&self) -> Option<String> {
        self.first_version.clone()
    }

    async fn page(&mut self) -> Result<Page, RequestError> {
        let mut tries = 0;
        loop {
            let error = match self.fetch().await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            if self.mend(&error) {
                continue;
            }
            tries += 1;
            let Some(wait) = self.patience.wait(tries, &error) else {
                return Err(error);
            };
            tracing::debug!(%error, path = self.path, tries, ?wait, "asking for the page again");
            tokio::time::sleep(wait).await;
        }
    }

    async fn fetch(&self) -> Result<Page, RequestError> {
        let answer = self
            .link
            .ask(&Ask::get(self.url()).accept(self.form.accept()))
            .await?;
        Page::read(&answer, self.form)
    }

    /// Changes what is asked for so that asking at once again makes sense; false if it does not.
    fn mend(&mut self, error: &RequestError) -> bool {
        match error {
            RequestError::Refused(refusal) if refusal.code == 410 && self.token.is_some() => {
                if refusal.fresh_continue.is_some() && self.continued < CONTINUATIONS {
                    self.continued += 1;
                    self.token.clone_from(&refusal.fresh_continue);
                    return true;
                }
                let again = !self.restarted;
                self.restarted = true;
                self.token = None;
                again
            }
            // A server without tables says 406; one that ignores `Accept` answers with another kind.
            RequestError::Refused(refusal) if refusal.code == 406 => self.other_form(),
            RequestError::WrongForm { .. } => self.other_form(),
            RequestError::TooLarge { .. } => self.shrink(1),
            RequestError::Timeout { .. } => {
                // Asks for less, but counts as a try.
                self.shrink(SLOWEST);
                false
            }
            _ => false,
        }
    }

    fn other_form(&mut self) -> bool {
        let changes = self.form == Form::Rows && self.token.is_none();
        if changes {
            self.form = Form::Metadata;
        }
        changes
    }

    /// Asks for less; false if that is not possible.
    fn shrink(&mut self, least: u32) -> bool {
        let shrinks = self.limit > least;
        self.limit = (self.limit / 4).max(least).min(self.limit);
        shrinks
    }

    /// Whether objects are metadata without what a row tells.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    fn url(&self) -> String {
        let mut url = format!("{}?limit={}", self.path, self.limit);
        if self.form == Form::Rows {
            url += "&includeObject=Metadata";
        }
        if let Some(name) = &self.only {
            url += "&fieldSelector=metadata.name%3D";
            url += &escape(name);
        }
        if let Some(token) = &self.token {
            url += "&continue=";
            url += &escape(token);
        }
        url
    }
}

/// Percent-encodes what may not stand in a query value.
pub(crate) fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("writing to a string does not fail");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_are_escaped() {
        assert_eq!(escape("aZ0-_.~"), "aZ0-_.~");
        assert_eq!(escape("a=b&c d/é"), "a%3Db%26c%20d%2F%C3%A9");
    }
}
