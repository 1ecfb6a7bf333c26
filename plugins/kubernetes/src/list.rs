//! One list, page by page, to its end: in spite of expired tokens, busy servers and answers that break off.
//!
//! It may give an object twice (after a restart); who takes the objects has to know them by uid.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::AbortOnDropHandle;

use crate::connect::{Ask, Frames, Link};
use crate::page::{Form, Lost, Object, Page, Tail};
use crate::retry::Patience;
use crate::trouble::RequestError;

/// Objects asked for at least, however slow the server is.
const SLOWEST: u32 = 10;
/// Times an expired list is continued with the token the server offers; then it is a gap.
const CONTINUATIONS: u32 = 20;

/// A list that is being read.
pub(crate) struct Pager {
    link: Arc<Link>,
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
    /// The page that arrives.
    page: Option<Page>,
    /// The page after it, asked for already.
    ahead: Option<Ahead>,
    /// Whether pages may be asked for ahead.
    spare: Option<Spare>,
    /// How often the present page was asked for in vain.
    tries: u32,
    waited: Duration,
    /// What could not be known of the pages before this one.
    flaws: Vec<Arc<PageFlaws>>,
    /// And of this one since it was asked for last.
    of_page: Arc<PageFlaws>,
}

/// A page that is asked for while the one before it arrives.
struct Ahead {
    token: String,
    url: String,
    opening: AbortOnDropHandle<Result<Frames, RequestError>>,
    /// It counts as a list in flight.
    _permits: [OwnedSemaphorePermit; 2],
}

/// Lists in flight that may be on their way: to the server, and to all servers.
#[derive(Clone)]
pub(crate) struct Spare(pub(crate) [Arc<Semaphore>; 2]);

impl Spare {
    /// Room for one list more, if nobody waits for it.
    fn take(&self) -> Option<[OwnedSemaphorePermit; 2]> {
        let [one, other] = self
            .0
            .each_ref()
            .map(|of| of.clone().try_acquire_owned().ok());
        Some([one?, other?])
    }
}

/// Objects of one page that can not be known; counted by whoever reads them.
#[derive(Debug, Default)]
pub(crate) struct PageFlaws {
    nameless: AtomicU64,
    too_large: AtomicU64,
}

impl PageFlaws {
    /// Notes that an object can not be known.
    pub(crate) fn add(&self, lost: Lost) {
        let count = match lost {
            Lost::Malformed => &self.nameless,
            Lost::TooLarge => &self.too_large,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Objects that can not be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flaws {
    /// They have no uid.
    nameless: u64,
    /// They are larger than what may be held.
    too_large: u64,
}

impl Flaws {
    fn of(page: &PageFlaws) -> Self {
        Self {
            nameless: page.nameless.load(Ordering::Relaxed),
            too_large: page.too_large.load(Ordering::Relaxed),
        }
    }

    /// Counts those of another list as well.
    pub(crate) fn add(&mut self, others: Self) {
        self.nameless += others.nameless;
        self.too_large += others.too_large;
    }

    /// What there is to say about them.
    pub(crate) fn messages(self) -> impl Iterator<Item = String> {
        let told = [
            (self.nameless, "have no uid"),
            (self.too_large, "are too large to be held"),
        ];
        let found = told.into_iter().filter(|(count, _)| *count > 0);
        found.map(|(count, what)| format!("{count} of its objects {what}"))
    }
}

impl Pager {
    /// A list of what is below `path`, `limit` objects at a time.
    pub(crate) fn new(
        link: &Arc<Link>,
        patience: Patience,
        path: String,
        form: Form,
        limit: u32,
    ) -> Self {
        Self {
            link: link.clone(),
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
            page: None,
            ahead: None,
            spare: None,
            tries: 0,
            waited: Duration::ZERO,
            flaws: Vec::new(),
            of_page: Arc::default(),
        }
    }

    /// The same list, of which the next page is asked for while one arrives, if that does not make too many.
    pub(crate) fn ahead(mut self, spare: Spare) -> Self {
        self.spare = Some(spare);
        self
    }

    /// The same list, of the object of this name only.
    pub(crate) fn only(mut self, name: &str) -> Self {
        self.only = Some(name.to_owned());
        self
    }

    /// The next object; `None` after the last. A page that breaks off is asked for again from its beginning.
    pub(crate) async fn next(&mut self) -> Result<Option<Object>, RequestError> {
        loop {
            let failed = match self.step().await {
                Ok(Step::Object(object)) => return Ok(Some(object)),
                Ok(Step::Turned) => continue,
                Ok(Step::Ended) => return Ok(None),
                Err(error) => error,
            };
            self.page = None;
            self.recover(failed).await?;
            // What it had comes again.
            self.of_page = Arc::default();
        }
    }

    /// Time in which the server was waited for since this was asked last.
    pub(crate) fn take_waited(&mut self) -> Duration {
        let page = self.page.as_mut().map(Page::take_waited);
        std::mem::take(&mut self.waited) + page.unwrap_or_default()
    }

    async fn step(&mut self) -> Result<Step, RequestError> {
        let mut page = match self.page.take() {
            Some(page) => page,
            None if self.ended => return Ok(Step::Ended),
            None => self.open().await?,
        };
        let object = page.next().await;
        self.waited += page.take_waited();
        if let Some(object) = object? {
            self.look_ahead(&page);
            self.page = Some(page);
            return Ok(Step::Object(object));
        }
        self.turn(page.tail()?);
        Ok(Step::Turned)
    }

    /// The page was read to its end.
    fn turn(&mut self, tail: Tail) {
        self.tries = 0;
        self.flaws.push(std::mem::take(&mut self.of_page));
        if self.token.is_none() {
            self.first_version.clone_from(&tail.resource_version);
        }
        self.ended = tail.token.is_none();
        self.token = tail.token;
        self.resource_version = tail.resource_version;
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

    /// Makes it worth asking again, or gives up.
    async fn recover(&mut self, error: RequestError) -> Result<(), RequestError> {
        if self.mend(&error) {
            return Ok(());
        }
        self.tries += 1;
        let Some(wait) = self.patience.wait(self.tries, &error) else {
            return Err(error);
        };
        let tries = self.tries;
        tracing::debug!(%error, path = self.path, tries, ?wait, "asking for the page again");
        let begun = Instant::now();
        tokio::time::sleep(wait).await;
        self.waited += begun.elapsed();
        Ok(())
    }

    /// Asks for the page after this one, once it is known where it starts.
    fn look_ahead(&mut self, page: &Page) {
        let (Some(token), Some(spare)) = (page.token(), &self.spare) else {
            return;
        };
        // The page may have come before, and broken off.
        if self
            .ahead
            .as_ref()
            .is_some_and(|ahead| ahead.token == token)
        {
            return;
        }
        let Some(permits) = spare.take() else {
            return;
        };
        let url = self.url(Some(token));
        let (link, ask) = (self.link.clone(), self.ask(url.clone()));
        let opening = tokio::spawn(async move { link.frames(&ask).await });
        self.ahead = Some(Ahead {
            token: token.to_owned(),
            url,
            opening: AbortOnDropHandle::new(opening),
            _permits: permits,
        });
    }

    fn ask(&self, url: String) -> Ask {
        Ask::get(url).accept(self.form.accept())
    }

    async fn open(&mut self) -> Result<Page, RequestError> {
        let begun = Instant::now();
        let url = self.url(self.token.as_deref());
        let wanted = self.token.as_ref();
        let ahead = (self.ahead).take_if(|ahead| Some(&ahead.token) == wanted);
        // What is asked for may be less by now.
        let opened = match ahead.filter(|ahead| ahead.url == url) {
            Some(ahead) => ahead.opening.await.ok(),
            None => None,
        };
        let frames = match opened {
            Some(frames) => frames,
            None => self.link.frames(&self.ask(url)).await,
        };
        self.waited += begun.elapsed();
        Ok(Page::new(frames?, self.form))
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
                self.flaws.clear();
                again
            }
            // A server without tables says 406; one that ignores `Accept` answers with another kind.
            RequestError::Refused(refusal) if refusal.code == 406 => self.other_form(),
            RequestError::WrongForm { .. } => self.other_form(),
            RequestError::Timeout { .. } => {
                // Asks for less, but counts as a try.
                self.limit = (self.limit / 4).max(SLOWEST).min(self.limit);
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

    /// Notes that the object it gave last can not be known.
    pub(crate) fn flawed(&self, lost: Lost) {
        self.of_page.add(lost);
    }

    /// What can not be known of the page of the object it gave last. Whoever reads that object later notes it there; if the
    /// page has to be asked for again, nobody counts it any more.
    pub(crate) fn page_flaws(&self) -> &Arc<PageFlaws> {
        &self.of_page
    }

    /// The objects that can not be known, each counted once however often its page was asked for.
    pub(crate) fn flaws(&self) -> Flaws {
        let mut all = Flaws::of(&self.of_page);
        for page in &self.flaws {
            all.add(Flaws::of(page));
        }
        all
    }

    /// The form that objects come in now.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    fn url(&self, token: Option<&str>) -> String {
        let mut url = format!("{}?limit={}", self.path, self.limit);
        if self.form == Form::Rows {
            url += "&includeObject=Metadata";
        }
        if let Some(name) = &self.only {
            url += "&fieldSelector=metadata.name%3D";
            url += &escape(name);
        }
        if let Some(token) = token {
            url += "&continue=";
            url += &escape(token);
        }
        url
    }
}

/// What a step brought.
enum Step {
    Object(Object),
    /// The page is over.
    Turned,
    /// The list is.
    Ended,
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
