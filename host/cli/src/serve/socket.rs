//! Where the control socket is: beside the store, for its owner alone.

use crate::error::{CommandError, ErrorKind};
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Its name.
const NAME: &str = "control.sock";

/// The path of the socket of a store.
pub(crate) fn path_beside(store: &Path) -> PathBuf {
    store.with_file_name(NAME)
}

/// A path of a socket may have a hundred characters, and folders of stores are deeper: the folder is opened, and the
/// socket is named by the number of the open folder.
fn short(path: &Path) -> io::Result<(File, PathBuf)> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = File::open(folder)?;
    let name = path.file_name().unwrap_or_default();
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name);
    Ok((folder, short))
}

/// Connects to the socket at `path`.
///
/// # Errors
/// Nobody listens there.
pub(crate) fn connect(path: &Path) -> io::Result<UnixStream> {
    let (_folder, short) = short(path)?;
    UnixStream::connect(short)
}

/// Listens at `path`, in the place of what an earlier process left there. The store is open, so no other process that
/// listens there can be alive.
///
/// # Errors
/// The socket can not be made.
pub(crate) fn listen(path: &Path) -> Result<UnixListener, CommandError> {
    try_listen(path).map_err(|error| {
        CommandError::new(ErrorKind::Store, format!("failed to make the control socket {}", path.display()))
            .because(&error)
            .hint("it must be on a file system of this machine, in a folder that this user can write")
    })
}

fn try_listen(path: &Path) -> io::Result<UnixListener> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Made where nobody else may enter, so that nobody can connect before its mode is set, and then moved.
    let private =
        tempfile::Builder::new().prefix(".control-").permissions(Permissions::from_mode(0o700)).tempdir_in(folder)?;
    let made = private.path().join(NAME);
    let (_folder, short) = short(&made)?;
    let listener = UnixListener::bind(short)?;
    std::fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    std::fs::rename(&made, path)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_private_replaces_an_old_one_and_may_lie_deep() {
        let dir = tempfile::tempdir().expect("a folder");
        let deep = dir.path().join("x".repeat(120));
        std::fs::create_dir(&deep).expect("a folder");
        let path = path_beside(&deep.join("hub.redb"));
        drop(listen(&path).expect("a listener"));
        assert!(connect(&path).is_err(), "nobody listens any more");
        let listener = listen(&path).expect("another listener");
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let _client = connect(&path).expect("a connection");
        listener.accept().expect("it came");
        assert_eq!(std::fs::read_dir(&deep).expect("a folder").count(), 1, "nothing is left beside it");
    }
}
