//! Who may write: everybody, or alone whoever exchanges the database under everybody's feet.
//!
//! Whoever wants to be alone waits for a moment without writers and imports, and keeps nobody from beginning one until
//! then: an import can depend on what another thread writes.
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::open::guard;

#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    inside: usize,
    closed: bool,
}

/// Leave to write, until it is dropped. Whoever has one may take another.
#[derive(Debug)]
pub(crate) struct Pass(Arc<Gate>);

/// Nobody else writes until it is dropped.
#[derive(Debug)]
pub(crate) struct Alone(Arc<Gate>);

impl Gate {
    pub(crate) fn enter(self: &Arc<Self>) -> Pass {
        let state = guard(&self.state);
        let mut state = (self.changed.wait_while(state, |state| state.closed))
            .unwrap_or_else(PoisonError::into_inner);
        state.inside += 1;
        Pass(self.clone())
    }

    pub(crate) fn close(self: &Arc<Self>) -> Alone {
        let state = guard(&self.state);
        let is_taken = |state: &mut State| state.closed || state.inside > 0;
        let mut state =
            (self.changed.wait_while(state, is_taken)).unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        Alone(self.clone())
    }

    /// The same without waiting.
    pub(crate) fn try_close(self: &Arc<Self>) -> Option<Alone> {
        let mut state = guard(&self.state);
        if state.closed || state.inside > 0 {
            return None;
        }
        state.closed = true;
        Some(Alone(self.clone()))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        guard(&self.0.state).inside -= 1;
        self.0.changed.notify_all();
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        guard(&self.0.state).closed = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_inside_may_enter_again_and_nobody_is_alone_meanwhile() {
        let gate = Arc::new(Gate::default());
        let outer = gate.enter();
        assert!(gate.try_close().is_none());
        drop((outer, gate.enter()));
        let alone = gate.try_close().unwrap();
        assert!(gate.try_close().is_none());
        let other = std::thread::spawn({
            let gate = gate.clone();
            move || drop(gate.enter())
        });
        drop(alone);
        other.join().unwrap();
        drop(gate.close());
    }
}
