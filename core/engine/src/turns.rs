//! Searches take turns: only a few work at once, each for a moment, then whoever has waited longest goes on. So a long
//! search delays a short one by moments, and many searches leave time for a commit.
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long a turn lasts while others wait.
const TURN: Duration = Duration::from_millis(5);

/// Who works and who waits.
#[derive(Debug)]
pub struct Turns {
    most: usize,
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
            state: Mutex::default(),
        }
    }

    /// Waits until it is this thread's turn.
    fn take(&self) {
        let called = Arc::new(AtomicBool::new(false));
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.working < self.most {
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

    /// Hands the turn to whoever has waited longest.
    fn pass_on(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.waiting.pop_front() {
            Some(next) => {
                next.called.store(true, Ordering::Release);
                next.thread.unpark();
            }
            None => state.working -= 1,
        }
    }

    fn is_awaited(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        !state.waiting.is_empty()
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
        match *since {
            Some(since) if since.elapsed() < TURN || !turns.is_awaited() => return,
            Some(_) => turns.pass_on(),
            None => {}
        }
        turns.take();
        *since = Some(Instant::now());
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
}
