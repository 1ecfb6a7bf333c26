//! Watching one account: what the plugin tells goes to the core as it comes, until the core wants no more.
use stocktake_client::{TaskResult, WatchRequest};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::run::{Ready, Wanted, failed};

/// Items that may wait for the core; what does not fit waits in the connections to the server.
const BUFFERED: usize = 512;

impl Ready {
    /// Watches until the core closes the stream, or watching has to begin anew.
    pub(crate) async fn watch(&self, work: u64, request: WatchRequest) -> TaskResult {
        let wanted = Wanted {
            id: &request.start.account,
            name: &request.account_name,
        };
        let account = match self
            .account(&request.plugin, &request.section, wanted)
            .await
        {
            Ok(account) => account,
            Err(message) => return failed(message),
        };
        let (sink, items) = mpsc::channel(BUFFERED);
        let follow = self.client.follow(work, ReceiverStream::new(items));
        let (watched, followed) = tokio::join!(account.watch(request.start, sink), follow);
        match (watched, followed) {
            (Err(error), _) => failed(error.to_string()),
            (Ok(()), Err(error)) => failed(error.to_string()),
            (Ok(()), Ok(())) => TaskResult::Watched,
        }
    }
}
