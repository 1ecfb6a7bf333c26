//! The same work for many items on several threads. Results come in the order of the items.
use std::num::NonZero;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// More threads would take more from other searches than they give to this one.
const MOST: usize = 4;

/// Number of threads worth starting; found out once, because the system has to read files to know.
pub(crate) fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        cores.min(MOST)
    })
}

/// Threads that stay. One that begins costs a fifth of a millisecond and a huge page of memory of its own, for work that
/// is often shorter than that.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Crew {
    /// For questions.
    Questions,
    /// For changes of the graph, which last longer: no question waits behind one.
    Changes,
}

impl Crew {
    /// `None` where no thread can be had, and on the threads of a crew: whoever helps does not wait for help.
    fn pool(self) -> Option<&'static ThreadPool> {
        static QUESTIONS: OnceLock<Option<ThreadPool>> = OnceLock::new();
        static CHANGES: OnceLock<Option<ThreadPool>> = OnceLock::new();
        if rayon::current_thread_index().is_some() {
            return None;
        }
        let (pool, name) = match self {
            Self::Questions => (&QUESTIONS, "questions"),
            Self::Changes => (&CHANGES, "changes"),
        };
        pool.get_or_init(|| {
            let builder = ThreadPoolBuilder::new().num_threads(threads());
            builder
                .thread_name(move |at| format!("{name} {at}"))
                .build()
                .ok()
        })
        .as_ref()
    }

    /// Calls `work` with every number below `count`, on `threads` threads, this one included.
    pub(crate) fn parallel<T: Send, E: Send>(
        self,
        count: usize,
        threads: usize,
        work: impl Fn(usize) -> Result<T, E> + Sync,
    ) -> Result<Vec<T>, E> {
        let helpers = threads.min(count).saturating_sub(1);
        let Some(pool) = (helpers > 0).then(|| self.pool()).flatten() else {
            return (0..count).map(work).collect();
        };
        let next = AtomicUsize::new(0);
        let take = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= count {
                    return Ok(done);
                }
                match work(at) {
                    Ok(result) => done.push((at, result)),
                    Err(error) => {
                        next.store(count, Ordering::Relaxed);
                        return Err(error);
                    }
                }
            }
        };
        let mut parts: Vec<_> = std::iter::repeat_with(|| None).take(helpers).collect();
        let own = pool.in_place_scope(|scope| {
            for part in &mut parts {
                scope.spawn(|_| *part = Some(take()));
            }
            take()
        });
        let mut done = own?;
        for part in parts.into_iter().flatten() {
            done.extend(part?);
        }
        done.sort_unstable_by_key(|(at, _)| *at);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }
}

/// Does both, at the same time where there is more than one thread to do it. For changes of the graph.
pub(crate) fn both<A: Send, B>(
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    let pool = (threads() > 1).then(|| Crew::Changes.pool()).flatten();
    let Some(pool) = pool else {
        return (first(), second());
    };
    let mut done = None;
    let second = pool.in_place_scope(|scope| {
        scope.spawn(|_| done = Some(first()));
        second()
    });
    (
        done.expect("a scope ends when everything in it is done"),
        second,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_errors_come_through() {
        let squares = Crew::Questions
            .parallel(100, 3, |at| Ok::<_, ()>(at * at))
            .unwrap();
        assert!(
            squares
                .iter()
                .enumerate()
                .all(|(at, square)| at * at == *square)
        );
        assert_eq!(squares.len(), 100);
        let failed = Crew::Questions.parallel(100, 3, |at| if at == 50 { Err(at) } else { Ok(at) });
        assert_eq!(failed, Err(50));
    }

    #[test]
    fn both_are_done() {
        assert_eq!(both(|| 1, || 2), (1, 2));
    }

    #[test]
    fn whoever_helps_needs_no_help() {
        let sum = |of: usize| {
            let all = Crew::Changes.parallel(of, 4, |at| Ok::<_, ()>(at)).unwrap();
            both(|| all.iter().sum::<usize>(), || 1).0
        };
        let sums = Crew::Changes
            .parallel(50, 4, |at| Ok::<_, ()>(sum(at)))
            .unwrap();
        assert_eq!(
            sums,
            (0..50)
                .map(|of: usize| of * of.saturating_sub(1) / 2)
                .collect::<Vec<_>>()
        );
    }

    #[test]
    #[should_panic(expected = "the third")]
    fn a_panic_comes_through() {
        let _ = Crew::Questions.parallel(9, 3, |at| {
            assert_ne!(at, 3, "the third");
            Ok::<_, ()>(())
        });
    }
}
