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

/// For questions: calls `work` with every number below `count`, on `threads` threads, this one included.
///
/// The others stay: one that begins costs a tenth of a millisecond and memory of its own, for work that is often not much
/// longer than that.
pub(crate) fn parallel<T: Send, E: Send>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let helpers = threads.min(count).saturating_sub(1);
    let Some(pool) = (helpers > 0).then(pool).flatten() else {
        return (0..count).map(work).collect();
    };
    let next = AtomicUsize::new(0);
    let mut parts: Vec<_> = std::iter::repeat_with(|| None).take(helpers).collect();
    let own = pool.in_place_scope(|scope| {
        for part in &mut parts {
            scope.spawn(|_| *part = Some(take(&next, count, &work)));
        }
        take(&next, count, &work)
    });
    in_order(std::iter::once(own).chain(parts.into_iter().flatten()))
}

/// Threads that stay; `None` where none can be had, and on such a thread: whoever helps does not wait for help.
fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    if rayon::current_thread_index().is_some() {
        return None;
    }
    let make = || {
        let builder = ThreadPoolBuilder::new().num_threads(threads());
        builder.thread_name(|at| format!("question {at}")).build()
    };
    POOL.get_or_init(|| make().ok()).as_ref()
}

/// For changes of the graph: calls `work` with every number below `count`, on threads of its own. These take long enough for
/// that, and none waits behind another.
pub(crate) fn apart<T: Send, E: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let others = 1..threads().min(count);
        let others: Vec<_> = others
            .map(|_| scope.spawn(|| take(&next, count, &work)))
            .collect();
        let own = take(&next, count, &work);
        let others = others.into_iter().map(|other| {
            let other = other.join();
            other.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        in_order(std::iter::once(own).chain(others))
    })
}

/// For changes of the graph: does both, at the same time where there is more than one thread to do it.
pub(crate) fn both<A: Send, B>(
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> (A, B) {
    if threads() < 2 {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        let first = first.join();
        let first = first.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (first, second)
    })
}

/// Does what nobody has taken yet; after an error nobody takes anything more.
fn take<T, E>(
    next: &AtomicUsize,
    count: usize,
    work: &impl Fn(usize) -> Result<T, E>,
) -> Result<Vec<(usize, T)>, E> {
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
}

fn in_order<T, E>(parts: impl Iterator<Item = Result<Vec<(usize, T)>, E>>) -> Result<Vec<T>, E> {
    let mut done = Vec::new();
    for part in parts {
        done.extend(part?);
    }
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_errors_come_through() {
        let square = |at: usize| Ok::<_, ()>(at * at);
        let expected: Vec<_> = (0..100).map(|at| at * at).collect();
        assert_eq!(parallel(100, 3, square).as_ref(), Ok(&expected));
        assert_eq!(apart(100, square).as_ref(), Ok(&expected));
        let failing = |at| if at == 50 { Err(at) } else { Ok(at) };
        assert_eq!(parallel(100, 3, failing), Err(50));
        assert_eq!(apart(100, failing), Err(50));
    }

    #[test]
    fn both_are_done() {
        assert_eq!(both(|| 1, || 2), (1, 2));
    }

    #[test]
    fn whoever_helps_needs_no_help() {
        let sum = |of: usize| {
            let all = parallel(of, 4, Ok::<_, ()>).unwrap();
            Ok::<usize, ()>(all.iter().sum())
        };
        let expected: Vec<_> = (0..50)
            .map(|of: usize| of * of.saturating_sub(1) / 2)
            .collect();
        assert_eq!(parallel(50, 4, sum), Ok(expected));
    }

    #[test]
    #[should_panic(expected = "the third")]
    fn a_panic_comes_through() {
        let _ = parallel(9, 3, |at| {
            assert_ne!(at, 3, "the third");
            Ok::<_, ()>(())
        });
    }
}
