//! The Unix socket in the data directory: how a second stocktake reaches this core. Only its owner may connect.
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use axum::Router;
use tokio::net::UnixListener;
use tokio::task::JoinHandle;
use tracing::warn;

/// Where the core of a data directory listens.
pub fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("core.sock")
}

/// Serves `router` on the socket of `data_dir`. The caller holds the lock of the directory, so a socket that
/// is there already belongs to nobody.
pub(crate) fn serve(data_dir: &Path, router: Router) -> io::Result<JoinHandle<()>> {
    let path = socket_path(data_dir);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // The directory is 0700 already; the socket is closed as well, should somebody open the directory.
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            warn!(%error, "the socket of the core failed");
        }
    }))
}
