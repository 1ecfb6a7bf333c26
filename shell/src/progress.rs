//! Progress: a line per cluster that moves on a terminal, a plain line every few seconds elsewhere.
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use stocktake_command::Progress;

use crate::answer::Lines;
use crate::locale;
use crate::render::Screen;

/// Time between two plain lines about the same part.
const PLAIN_EVERY: Duration = Duration::from_secs(3);
/// Below this many columns the bar gives way to the words.
const ROOM_FOR_BAR: u16 = 76;
/// Time between two turns of the spinner.
const TICK: Duration = Duration::from_millis(120);
/// A rate from less than this would jump about.
const SETTLED: Duration = Duration::from_millis(500);

/// What is in progress, one entry a part (a cluster), and one for the steps of the workflow.
pub(crate) struct Bars {
    screen: Screen,
    lines: Lines,
    drawn: Option<MultiProgress>,
    /// Turns until the first progress comes.
    waiting: Option<ProgressBar>,
    parts: BTreeMap<String, ProgressBar>,
    begun: BTreeMap<String, Instant>,
    told: BTreeMap<String, (Instant, String)>,
}

impl Bars {
    /// Nothing yet. Whoever waits for a line nobody typed sees at once that something happens.
    pub(crate) fn new(screen: Screen, lines: Lines) -> Self {
        let drawn = std::io::stderr().is_terminal().then(MultiProgress::new);
        let waiting = drawn
            .as_ref()
            .filter(|_| lines == Lines::Aside)
            .map(|drawn| {
                let style = ProgressStyle::with_template(
                    "{spinner} waiting for the first answer, {elapsed}",
                )
                .expect("the template is a constant");
                let style = if locale::utf8() {
                    style
                } else {
                    style.tick_chars("|/-\\ ")
                };
                let spinner = drawn.add(ProgressBar::new_spinner().with_style(style));
                spinner.enable_steady_tick(TICK);
                spinner
            });
        Self {
            screen,
            lines,
            drawn,
            waiting,
            parts: BTreeMap::new(),
            begun: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    /// Shows the newest state of a part, or of the steps.
    pub(crate) fn update(&mut self, progress: &Progress) {
        if !progress.part.is_empty() {
            self.wait_no_more();
        }
        let now = Instant::now();
        let begun = *self.begun.entry(progress.part.clone()).or_insert(now);
        let words = words(progress, begun.elapsed());
        match &self.drawn {
            Some(_) => self.draw(progress, words),
            None => self.tell(progress, words),
        }
    }

    /// Takes the bars off the screen, leaving the last state of each cluster as a line.
    pub(crate) fn clear(&mut self) {
        self.wait_no_more();
        for (part, bar) in std::mem::take(&mut self.parts) {
            if part.is_empty() {
                bar.finish_and_clear();
            } else {
                bar.abandon();
            }
        }
    }

    /// Does something that writes, with the bars out of its way.
    pub(crate) fn around<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.drawn {
            Some(drawn) if !self.parts.is_empty() || self.waiting.is_some() => drawn.suspend(write),
            _ => write(),
        }
    }

    fn wait_no_more(&mut self) {
        if let Some(spinner) = self.waiting.take() {
            spinner.finish_and_clear();
        }
    }

    fn draw(&mut self, progress: &Progress, words: String) {
        let Some(drawn) = &self.drawn else { return };
        let bar = self.parts.entry(progress.part.clone()).or_insert_with(|| {
            let bar = ProgressBar::new(progress.total);
            let bar = if progress.part.is_empty() {
                drawn.insert(0, bar)
            } else {
                drawn.add(bar)
            };
            bar.with_style(style(&progress.part))
                .with_prefix(progress.part.clone())
        });
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        bar.set_message(words);
    }

    fn tell(&mut self, progress: &Progress, words: String) {
        let step = progress.part.is_empty();
        // Whoever did not ask for a workflow has no use for its steps.
        if step && self.lines == Lines::Aside {
            return;
        }
        let finished = progress.total > 0 && progress.done >= progress.total;
        let begun = (Instant::now(), String::new());
        let (at, message) = self.told.entry(progress.part.clone()).or_insert(begun);
        if *message != progress.message && (finished || step || at.elapsed() >= PLAIN_EVERY) {
            let line = if step {
                words
            } else {
                format!("{}: {words}", progress.part)
            };
            self.screen.aside(&line);
            (*at, *message) = (Instant::now(), progress.message.clone());
        }
    }
}

fn style(part: &str) -> ProgressStyle {
    let wide = console::Term::stderr().size().1 >= ROOM_FOR_BAR;
    let template = match (part.is_empty(), wide) {
        (true, _) => "{wide_msg}",
        (false, true) => "{prefix:16!} {bar:20} {wide_msg}",
        (false, false) => "{prefix:10!} {wide_msg}",
    };
    let style = ProgressStyle::with_template(template).expect("the templates are constants");
    if locale::utf8() {
        style
    } else {
        style.progress_chars("=> ")
    }
}

/// `9 of 60 kinds, 254 objects, 120/s, 8 s left`; for the steps of a workflow `step 1 of 3: collect`.
fn words(progress: &Progress, took: Duration) -> String {
    if progress.part.is_empty() {
        return format!(
            "step {} of {}: {}",
            progress.done + 1,
            progress.total,
            progress.step
        );
    }
    let finished = progress.done >= progress.total;
    let mut words = progress.message.clone();
    if progress.total == 0 || took < SETTLED {
        return words;
    }
    let seconds = took.as_secs_f64();
    if progress.objects > 0 {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = progress.objects as f64 / seconds;
        words = format!("{words}, {rate:.0}/s");
    }
    if !finished && progress.done > 0 {
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
        let left = seconds * (progress.total - progress.done) as f64 / progress.done as f64;
        words = format!("{words}, {left:.0} s left");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_has_a_rate_and_a_time_left_once_they_mean_something() {
        let progress = |done, total, objects| Progress {
            part: "prod".into(),
            message: "m".into(),
            done,
            total,
            objects,
            ..Progress::default()
        };
        let cases = [
            (progress(0, 0, 0), 9_000, "m"),
            (progress(3, 60, 30), 100, "m"),
            (progress(0, 60, 0), 2_000, "m"),
            (progress(15, 60, 300), 2_000, "m, 150/s, 6 s left"),
            (progress(60, 60, 900), 3_000, "m, 300/s"),
        ];
        for (progress, millis, expected) in cases {
            assert_eq!(words(&progress, Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn a_step_is_counted_from_one() {
        let progress = Progress {
            step: "collect".into(),
            done: 0,
            total: 3,
            ..Progress::default()
        };
        assert_eq!(words(&progress, Duration::ZERO), "step 1 of 3: collect");
    }
}
