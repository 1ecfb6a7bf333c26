//! The runtime that a core is made for.
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// How long a thread that may block waits for more work. Such threads take turns, and each keeps memory of the last thing
/// it did: the fewer the better.
const IDLE: Duration = Duration::from_millis(250);

/// As many threads as there are processors, and as many more as there is work that blocks.
///
/// # Errors
/// If the system gives no threads.
pub fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(IDLE)
        .build()
}
