//! A thread of its own for commits: they come one after the other anyway, and memory that one of them gives back is used
//! by the next. On threads that take turns, every thread would keep what its last commit needed.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Lane(mpsc::Sender<Work>);

/// The work panicked, or the thread could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the commit ended early")]
pub(crate) struct EndedEarly;

impl Lane {
    /// Starts the thread; what it does may hand on tasks to this runtime.
    pub(crate) fn start(runtime: Handle) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel::<Work>();
        let work_off = move || {
            let _inside = runtime.enter();
            for work in receiver {
                // Whoever waits for it is told; the next one is none the worse.
                let _ = catch_unwind(AssertUnwindSafe(work));
            }
        };
        thread::Builder::new()
            .name("commits".to_owned())
            .spawn(work_off)?;
        Ok(Self(sender))
    }

    /// Does something on the thread, after everything that was handed to it before.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, EndedEarly> {
        let (sender, done) = oneshot::channel();
        let work = move || {
            // Whoever waited may have been stopped; what was begun is finished.
            let _ = sender.send(work());
        };
        self.0.send(Box::new(work)).map_err(|_| EndedEarly)?;
        done.await.map_err(|_| EndedEarly)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_on_one_thread_and_a_panic_costs_only_itself() {
        let lane = Lane::start(Handle::current()).unwrap();
        let first = lane.run(|| thread::current().id()).await.unwrap();
        let broken = lane.run(|| panic!("on purpose")).await;
        assert_eq!(broken, Err::<(), _>(EndedEarly));
        let handed_on = lane.run(|| tokio::spawn(async { 7 })).await.unwrap();
        assert_eq!(handed_on.await.unwrap(), 7);
        let second = lane.run(|| thread::current().id()).await.unwrap();
        assert_eq!(first, second);
        assert_ne!(first, thread::current().id());
    }
}
