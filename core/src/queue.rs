//! Work for workers: handed out once, waited for by whoever asked for it. Not persistent: a workflow that is
//! interrupted asks again.
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use stocktake_client::{Task, TaskResult, Work, WorkLimits};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// How long a worker may be silent about a piece of work before it counts as lost.
pub(crate) const LEASE: Duration = Duration::from_mins(2);
/// How long a worker that asks for work is kept waiting before it has to ask again.
const POLL: Duration = Duration::from_secs(20);

/// Work that waits and work that is being done.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    next: u64,
    waiting: VecDeque<Work>,
    asked: HashMap<u64, Asked>,
    /// When any worker was last heard of.
    alive: Option<Instant>,
}

struct Asked {
    answer: oneshot::Sender<TaskResult>,
    /// When a worker was last heard of; `None` while the work waits.
    heard: Option<Instant>,
}

/// Forgets the work when whoever asked for it stops waiting.
struct Forget<'q> {
    queue: &'q Queue,
    id: u64,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.asked.remove(&self.id);
        state.waiting.retain(|work| work.id != self.id);
    }
}

impl Queue {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing panics while it holds the queue")
    }

    /// The number the next piece of work will have; progress is filed under it.
    pub(crate) fn reserve(&self) -> u64 {
        let mut state = self.lock();
        state.next += 1;
        state.next
    }

    /// Hands `task` to the next worker that asks and waits for the answer. A worker that falls silent, or
    /// none at all for the time of a lease, ends the wait with a failure.
    pub(crate) async fn run(&self, id: u64, task: Task) -> TaskResult {
        let (answer, mut answered) = oneshot::channel();
        {
            let mut state = self.lock();
            state.asked.insert(
                id,
                Asked {
                    answer,
                    heard: None,
                },
            );
            state.waiting.push_back(Work {
                id,
                task,
                limits: WorkLimits::default(),
            });
        }
        self.arrived.notify_one();
        let _forget = Forget { queue: self, id };
        let asked = Instant::now();
        loop {
            match tokio::time::timeout(LEASE, &mut answered).await {
                Ok(Ok(result)) => return result,
                Ok(Err(_)) => return lost("the core forgot it"),
                Err(_) => {}
            }
            let heard = self.lock().asked.get(&id).map(|asked| asked.heard);
            match heard {
                Some(Some(heard)) if heard.elapsed() >= LEASE => return lost("it fell silent"),
                // Workers that are busy ask later (`worker.pool_size`).
                Some(None) if asked.elapsed() >= LEASE && !self.has_workers() => {
                    return lost("none asked for it");
                }
                _ => {}
            }
        }
    }

    fn has_workers(&self) -> bool {
        let alive = self.lock().alive;
        alive.is_some_and(|heard| heard.elapsed() < LEASE)
    }

    /// The next piece of work, or `None` if none came for a while.
    pub(crate) async fn take(&self) -> Option<Work> {
        let deadline = Instant::now() + POLL;
        loop {
            let arrived = self.arrived.notified();
            self.lock().alive = Some(Instant::now());
            if let Some(work) = self.pop() {
                return Some(work);
            }
            tokio::time::timeout_at(deadline, arrived).await.ok()?;
        }
    }

    fn pop(&self) -> Option<Work> {
        let mut state = self.lock();
        let work = state.waiting.pop_front()?;
        if let Some(asked) = state.asked.get_mut(&work.id) {
            asked.heard = Some(Instant::now());
        }
        if !state.waiting.is_empty() {
            self.arrived.notify_one();
        }
        Some(work)
    }

    /// Keeps the lease on a piece of work. False if nobody waits for it any more.
    pub(crate) fn heard(&self, id: u64) -> bool {
        let mut state = self.lock();
        state.alive = Some(Instant::now());
        state
            .asked
            .get_mut(&id)
            .map(|asked| asked.heard = Some(Instant::now()))
            .is_some()
    }

    /// Takes the result of a piece of work. False if nobody waits for it any more.
    pub(crate) fn finish(&self, id: u64, result: TaskResult) -> bool {
        let asked = self.lock().asked.remove(&id);
        asked.is_some_and(|asked| asked.answer.send(result).is_ok())
    }
}

fn lost(why: &str) -> TaskResult {
    TaskResult::Failed {
        message: format!("no worker did the work: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use stocktake_client::{CollectRequest, CollectSummary};

    use super::*;

    fn task() -> Task {
        Task::Collect(CollectRequest {
            sections: Vec::new(),
            only: Vec::new(),
            parallel: 1,
        })
    }

    #[tokio::test]
    async fn work_is_handed_out_once_and_answered() {
        let queue = Queue::default();
        let id = queue.reserve();
        let worker = async {
            let work = queue.take().await.unwrap();
            assert!(queue.heard(work.id));
            assert!(queue.finish(work.id, TaskResult::Collected(CollectSummary::default())));
            assert!(!queue.finish(work.id, TaskResult::Collected(CollectSummary::default())));
        };
        let (result, ()) = tokio::join!(queue.run(id, task()), worker);
        assert_eq!(result, TaskResult::Collected(CollectSummary::default()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_worker_does_not_hold_the_core_for_ever() {
        let queue = Queue::default();
        let id = queue.reserve();
        let worker = async { queue.take().await.unwrap() };
        let (result, _) = tokio::join!(queue.run(id, task()), worker);
        assert!(matches!(result, TaskResult::Failed { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn work_waits_while_every_worker_is_busy() {
        let queue = Queue::default();
        let (long, short) = (queue.reserve(), queue.reserve());
        let worker = async {
            let work = queue.take().await.unwrap();
            for _ in 0..10 {
                tokio::time::sleep(LEASE / 2).await;
                assert!(queue.heard(work.id));
            }
            let done = || TaskResult::Collected(CollectSummary::default());
            assert!(queue.finish(work.id, done()));
            let next = queue.take().await.unwrap();
            assert!(queue.finish(next.id, done()));
        };
        let (first, second, ()) =
            tokio::join!(queue.run(long, task()), queue.run(short, task()), worker);
        let done = TaskResult::Collected(CollectSummary::default());
        assert_eq!((first, second), (done.clone(), done));
    }

    #[tokio::test(start_paused = true)]
    async fn work_nobody_waits_for_is_not_handed_out() {
        let queue = Queue::default();
        let id = queue.reserve();
        let impatient = tokio::time::timeout(Duration::from_secs(1), queue.run(id, task())).await;
        assert!(impatient.is_err());
        assert!(queue.take().await.is_none());
    }
}
