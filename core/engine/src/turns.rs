//! Searches take turns: only a few work at once, each for a moment, then whoever has waited longest goes on. So a long
//! search delays a short one by moments. A commit goes before all of them.
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::parallel::threads;

/// How long a turn lasts while others wait.
const TURN: Duration = Duration::from_millis(5);

/// Who works and who waits.
#[derive(Debug)]
pub struct Turns {
    most: usize,
    /// How many do what goes before all searches.
    ahead: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    working: usize,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    thread: Thread,
    called: Arc<AtomicBool>,
}

impl Turns {
    /// Turns for `most` searches at once; at least one.
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            ahead: AtomicUsize::new(0),
            state: Mutex::default(),
        }
    }

    /// Does what goes before all searches, such as a commit: at once, and while it lasts one search fewer works at a
    /// time, but for the last.
    pub fn ahead<T>(&self, work: impl FnOnce() -> T) -> T {
        let _ahead = Ahead::new(self);
        work()
    }

    /// How many searches may work at once.
    fn places(&self) -> usize {
        let ahead = self.ahead.load(Ordering::Relaxed);
        self.most.saturating_sub(ahead).max(1)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is this thread's turn.
    fn take(&self) {
        let called = Arc::new(AtomicBool::new(false));
        {
            let mut state = self.state();
            if state.working < self.places() {
                state.working += 1;
                return;
            }
            state.waiting.push_back(Waiting {
                thread: std::thread::current(),
                called: Arc::clone(&called),
            });
        }
        while !called.load(Ordering::Acquire) {
            std::thread::park();
        }
    }

    /// Gives a turn back, and lets those work who have waited longest.
    fn pass_on(&self) {
        let mut state = self.state();
        state.working -= 1;
        self.call(&mut state);
    }

    /// Calls those who have waited longest to the places that are free.
    fn call(&self, state: &mut State) {
        while state.working < self.places()
            && let Some(next) = state.waiting.pop_front()
        {
            state.working += 1;
            next.called.store(true, Ordering::Release);
            next.thread.unpark();
        }
    }

    /// Whether more than one search works or waits.
    fn is_shared(&self) -> bool {
        let state = self.state();
        state.working > 1 || !state.waiting.is_empty()
    }

    fn is_awaited(&self) -> bool {
        !self.state().waiting.is_empty()
    }

    /// Whether more work than there are places, because something goes before them now.
    fn is_crowded(&self) -> bool {
        self.ahead.load(Ordering::Relaxed) > 0 && self.state().working > self.places()
    }
}

/// Something that goes before all searches.
struct Ahead<'t>(&'t Turns);

impl<'t> Ahead<'t> {
    fn new(turns: &'t Turns) -> Self {
        turns.ahead.fetch_add(1, Ordering::Relaxed);
        Self(turns)
    }
}

impl Drop for Ahead<'_> {
    fn drop(&mut self) {
        self.0.ahead.fetch_sub(1, Ordering::Relaxed);
        self.0.call(&mut self.0.state());
    }
}

/// The turn of one search; given back when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    turns: Option<Arc<Turns>>,
    since: Mutex<Option<Instant>>,
}

impl Turn {
    pub(crate) fn of(turns: Option<Arc<Turns>>) -> Self {
        Self {
            turns,
            since: Mutex::default(),
        }
    }

    /// Goes on, after others if it has worked long enough. If several threads work on one search, one of them waits
    /// for all.
    pub(crate) fn go_on(&self) {
        let Some(turns) = &self.turns else { return };
        let mut since = match self.since.try_lock() {
            Ok(since) => since,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let is_over = |since: Instant| since.elapsed() >= TURN && turns.is_awaited();
        match *since {
            Some(since) if !is_over(since) && !turns.is_crowded() => return,
            Some(_) => turns.pass_on(),
            None => {}
        }
        turns.take();
        *since = Some(Instant::now());
    }

    /// How many threads may work on this search: one if others want to work as well.
    pub(crate) fn threads(&self) -> usize {
        match &self.turns {
            Some(turns) if turns.ahead.load(Ordering::Relaxed) > 0 || turns.is_shared() => 1,
            _ => threads(),
        }
    }

    /// Lets others work until it goes on.
    pub(crate) fn rest(&self) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(turns), Some(_)) = (&self.turns, since.take()) {
            turns.pass_on();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.rest();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn whoever_waits_longest_is_next() {
        let turns = Arc::new(Turns::new(1));
        let first = Turn::of(Some(Arc::clone(&turns)));
        first.go_on();
        let (sender, order) = mpsc::channel();
        let threads: Vec<_> = (0..3)
            .map(|at| {
                let (theirs, sender) = (Arc::clone(&turns), sender.clone());
                let thread = std::thread::spawn(move || {
                    let turn = Turn::of(Some(theirs));
                    turn.go_on();
                    sender.send(at)
                });
                while turns.state.lock().unwrap().waiting.len() <= at {
                    std::thread::yield_now();
                }
                thread
            })
            .collect();
        assert!(order.try_recv().is_err());
        first.rest();
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
        drop(sender);
        assert_eq!(order.iter().collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(turns.state.lock().unwrap().working, 0);
        first.go_on();
        drop(first);
        assert_eq!(turns.state.lock().unwrap().working, 0);
    }

    #[test]
    fn what_goes_ahead_takes_a_place() {
        let turns = Arc::new(Turns::new(2));
        let [first, second] = [(); 2].map(|()| Turn::of(Some(Arc::clone(&turns))));
        first.go_on();
        second.go_on();
        assert_eq!(turns.state().working, 2);
        std::thread::scope(|scope| {
            let (sender, back) = mpsc::channel();
            turns.ahead(|| {
                let second = &second;
                scope.spawn(move || {
                    // One of two is too many now: it waits before its time is over.
                    second.go_on();
                    sender.send(())
                });
                while turns.state().waiting.is_empty() {
                    std::thread::yield_now();
                }
                assert_eq!(turns.state().working, 1);
                assert_eq!((turns.places(), first.threads()), (1, 1));
                assert!(back.try_recv().is_err());
            });
            back.recv().unwrap();
        });
        assert_eq!(turns.state().working, 2);
        drop((first, second));
        assert_eq!(turns.state().working, 0);
    }
}
