//! Who is attached to this core from other processes, so that its owner does not pull it away from under them.
use tokio::sync::watch;

/// Counts seats; everybody leaves when the core closes.
pub(crate) struct Attached {
    seats: watch::Sender<usize>,
    closed: watch::Sender<bool>,
}

/// One attached client; leaves when dropped.
pub(crate) struct Seat {
    seats: watch::Sender<usize>,
    closed: watch::Receiver<bool>,
}

impl Default for Attached {
    fn default() -> Self {
        Self {
            seats: watch::Sender::new(0),
            closed: watch::Sender::new(false),
        }
    }
}

impl Attached {
    /// Takes a seat.
    pub(crate) fn sit(&self) -> Seat {
        self.seats.send_modify(|seats| *seats += 1);
        Seat {
            seats: self.seats.clone(),
            closed: self.closed.subscribe(),
        }
    }

    /// Seats taken.
    pub(crate) fn count(&self) -> usize {
        *self.seats.borrow()
    }

    /// Waits until every seat is free.
    pub(crate) async fn all_left(&self) {
        let mut seats = self.seats.subscribe();
        // The sender is ours: it cannot be gone.
        let _ = seats.wait_for(|seats| *seats == 0).await;
    }

    /// Tells everybody that the core closes.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }
}

impl Seat {
    /// Waits until the core closes.
    pub(crate) async fn until_closed(mut self) {
        // A core that is gone without a word is closed, too.
        let _ = self.closed.wait_for(|closed| *closed).await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.send_modify(|seats| *seats -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_core_knows_when_everybody_left() {
        let attached = Attached::default();
        let seat = attached.sit();
        assert_eq!(attached.count(), 1);
        let ((), ()) = tokio::join!(attached.all_left(), async { drop(seat) });
        assert_eq!(attached.count(), 0);
        let seat = attached.sit();
        attached.close();
        seat.until_closed().await;
        assert_eq!(attached.count(), 0);
    }
}
