//! Progress: a bar per cluster on a terminal, a plain line every few seconds elsewhere.
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use stocktake_command::Progress;

use crate::render::Screen;

/// Time between two plain lines about the same part.
const PLAIN_EVERY: Duration = Duration::from_secs(3);

/// What is in progress, one entry a part (a cluster).
pub(crate) struct Bars {
    screen: Screen,
    drawn: Option<MultiProgress>,
    parts: BTreeMap<String, ProgressBar>,
    told: BTreeMap<String, (Instant, String)>,
}

impl Bars {
    /// Nothing yet.
    pub(crate) fn new(screen: Screen) -> Self {
        let drawn = std::io::stderr().is_terminal().then(MultiProgress::new);
        Self {
            screen,
            drawn,
            parts: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    /// Shows the newest state of a part. A step as a whole (no part) is not shown: its parts are.
    pub(crate) fn update(&mut self, progress: &Progress) {
        if progress.part.is_empty() {
            return;
        }
        match &self.drawn {
            Some(_) => self.draw(progress),
            None => self.tell(progress),
        }
    }

    /// Takes the bars off the screen, leaving the last state of each as a line.
    pub(crate) fn clear(&mut self) {
        for bar in std::mem::take(&mut self.parts).into_values() {
            bar.abandon();
        }
    }

    fn draw(&mut self, progress: &Progress) {
        let Some(drawn) = &self.drawn else { return };
        let bar = self.parts.entry(progress.part.clone()).or_insert_with(|| {
            let style =
                ProgressStyle::with_template("{prefix:16!} {bar:20} {pos}/{len} {wide_msg}")
                    .expect("the template is a constant");
            let bar = drawn
                .add(ProgressBar::new(progress.total))
                .with_style(style);
            bar.with_prefix(progress.part.clone())
        });
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        bar.set_message(progress.message.clone());
    }

    fn tell(&mut self, progress: &Progress) {
        let finished = progress.total > 0 && progress.done >= progress.total;
        let begun = (Instant::now(), String::new());
        let (at, message) = self.told.entry(progress.part.clone()).or_insert(begun);
        if *message != progress.message && (finished || at.elapsed() >= PLAIN_EVERY) {
            self.screen
                .aside(&format!("{}: {}", progress.part, progress.message));
            (*at, *message) = (Instant::now(), progress.message.clone());
        }
    }
}
