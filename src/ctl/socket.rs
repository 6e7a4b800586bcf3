//! Where the control socket is, for both halves.
//!
//! The socket is `leveret.sock` in the data directory, or wherever `[ctl] socket` says. A second
//! path that depends on the user alone is a symbolic link to it, so that `rabbitmqctl` finds the
//! node from a directory and an environment other than the broker's. Of several nodes of a user
//! the first has the link.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixStream as Probe;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use crate::config::Config;

/// The socket's name in the data directory.
const FILE_NAME: &str = "leveret.sock";

/// Why the control socket cannot be opened.
#[derive(Debug)]
pub enum BindError {
    /// Another node answers on it.
    InUse(PathBuf),
    /// The system refuses it.
    Io(PathBuf, io::Error),
}

impl std::fmt::Display for BindError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InUse(path) => {
                write!(f, "another node is running on control socket {}", path.display())
            }
            Self::Io(path, error) => {
                write!(f, "control socket {}: {error} (set ctl.socket)", path.display())
            }
        }
    }
}

impl std::error::Error for BindError {}

/// The path that settings give the socket.
pub fn path(config: &Config) -> PathBuf {
    config.ctl.socket.clone().unwrap_or_else(|| config.node.data_dir.join(FILE_NAME))
}

/// The link's path for the user of this process: in `$XDG_RUNTIME_DIR` where that is set, else in
/// `/tmp`. Absent where the user cannot be told.
pub fn link() -> Option<PathBuf> {
    if let Some(runtime) = std::env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty()) {
        return Some(Path::new(&runtime).join(FILE_NAME));
    }
    Some(PathBuf::from(format!("/tmp/leveret-{}.sock", user()?)))
}

/// The user that this process runs as.
pub(super) fn user() -> Option<u32> {
    fs::metadata("/proc/self").ok().map(|metadata| metadata.uid())
}

/// The open socket. When it is dropped, its paths are gone.
#[derive(Debug)]
pub struct Socket {
    pub(super) listener: UnixListener,
    path: PathBuf,
    link: Option<PathBuf>,
}

impl Socket {
    /// Opens the socket at `path` for the own user alone (mode 0600), in place of one that a dead
    /// process has left. It is bound under another name and moved, so that nobody finds it before
    /// its mode is set. Needs a tokio runtime, and the directory.
    ///
    /// # Errors
    /// Another node answers there, or the system refuses; a path has at most 107 octets.
    pub fn bind(path: &Path) -> Result<Self, BindError> {
        if is_alive(path) {
            return Err(BindError::InUse(path.to_owned()));
        }
        let open = || {
            let new = path.with_extension("new");
            remove(&new)?;
            let listener = UnixListener::bind(&new)?;
            fs::set_permissions(&new, Permissions::from_mode(0o600))?;
            fs::rename(&new, path)?;
            Ok(Self { listener, path: std::path::absolute(path)?, link: None })
        };
        open().map_err(|error| BindError::Io(path.to_owned(), error))
    }

    /// Puts a link to it at `link`, unless another node is found there. Where that fails the
    /// socket is as good without.
    #[must_use]
    pub fn linked_from(mut self, link: Option<PathBuf>) -> Self {
        let free = link.filter(|link| *link != self.path && !is_alive(link));
        let made = free.filter(|link| remove(link).is_ok() && symlink(&self.path, link).is_ok());
        self.link = made;
        self
    }

    /// The path it is bound to.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(link) = &self.link
            && fs::read_link(link).is_ok_and(|target| target == self.path)
        {
            let _ = fs::remove_file(link);
        }
        let _ = fs::remove_file(&self.path);
    }
}

fn is_alive(path: &Path) -> bool {
    Probe::connect(path).is_ok()
}

/// Removes a file that need not be there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_for_its_own_user_and_goes_with_its_node() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.sock"), folder.path().join("link.sock"));

        let socket = Socket::bind(&path).unwrap().linked_from(Some(link.clone()));

        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(is_alive(&path) && is_alive(&link));
        drop(socket);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_dead_process_leaves_a_socket_that_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.sock"), folder.path().join("link.sock"));
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        symlink(folder.path().join("gone.sock"), &link).unwrap();
        assert!(path.exists() && !is_alive(&path));

        let _socket = Socket::bind(&path).unwrap().linked_from(Some(link.clone()));

        assert!(is_alive(&path) && is_alive(&link));
    }

    #[tokio::test]
    async fn a_living_node_keeps_its_socket_and_its_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.sock"), folder.path().join("link.sock"));
        let _first = Socket::bind(&path).unwrap().linked_from(Some(link.clone()));

        let second = Socket::bind(&path);
        let other = folder.path().join("b.sock");
        let other = Socket::bind(&other).unwrap().linked_from(Some(link.clone()));

        assert!(matches!(second, Err(BindError::InUse(_))));
        drop(other);
        assert_eq!(fs::read_link(&link).unwrap(), path);
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_is_refused_with_advice() {
        let path = PathBuf::from("/tmp").join("x".repeat(120));

        let error = Socket::bind(&path).unwrap_err().to_string();

        assert!(error.starts_with("control socket /tmp/xxx"), "{error}");
        assert!(error.ends_with("(set ctl.socket)"), "{error}");
    }
}
