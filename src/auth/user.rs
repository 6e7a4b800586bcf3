//! The users of a node, and whether one of them is logging in.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::mechanism::Credentials;
use super::password::PasswordHash;

/// A user who has logged in; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    /// The name.
    pub name: Arc<str>,
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Where a client connects from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This host.
    Loopback,
    /// Any other.
    Remote,
}

/// Why a login was refused. For the log only: a client learns the same in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefused {
    /// No user of that name, or another password.
    InvalidCredentials,
    /// An empty password, which nobody can log in with.
    BlankPassword,
    /// The right password from another host, of a user who may log in from this host only.
    OnlyLoopback,
}

/// All users, with their password hashes.
#[derive(Clone, Debug)]
pub struct Users {
    hashes: HashMap<Arc<str>, PasswordHash>,
    loopback: HashSet<String>,
    /// Compared with when there is no such user, so that the time taken does not tell.
    decoy: PasswordHash,
}

impl Users {
    /// No users; those named in `loopback` will be let in from this host only.
    pub fn new(loopback: impl IntoIterator<Item = String>) -> Self {
        Self {
            hashes: HashMap::new(),
            loopback: loopback.into_iter().collect(),
            decoy: PasswordHash::new(b"", [0; 4]),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Adds a user, or changes the password of the one of that name.
    pub fn insert(&mut self, name: &str, password: PasswordHash) {
        self.hashes.insert(Arc::from(name), password);
    }

    /// Checks name and password, then where the client is.
    ///
    /// # Errors
    /// The login is refused.
    pub fn login(
        &self,
        credentials: Credentials<'_>,
        origin: Origin,
    ) -> Result<User, LoginRefused> {
        if credentials.password.is_empty() {
            return Err(LoginRefused::BlankPassword);
        }
        let name = std::str::from_utf8(credentials.user).ok();
        let known = name.and_then(|name| self.hashes.get_key_value(name));
        let hash = known.map_or(&self.decoy, |(_, hash)| hash);
        let verified = hash.verify(credentials.password);
        let Some((name, _)) = known.filter(|_| verified) else {
            return Err(LoginRefused::InvalidCredentials);
        };
        if origin == Origin::Remote && self.loopback.contains(&**name) {
            return Err(LoginRefused::OnlyLoopback);
        }
        Ok(User { name: Arc::clone(name) })
    }
}

impl fmt::Display for LoginRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidCredentials => "invalid credentials",
            Self::BlankPassword => "blank password",
            Self::OnlyLoopback => "can only connect via localhost",
        })
    }
}

impl std::error::Error for LoginRefused {}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Users {
        let mut users = Users::new(["guest".to_owned()]);
        users.insert("guest", PasswordHash::new(b"guest", [1, 2, 3, 4]));
        users.insert("alice", PasswordHash::new(b"pw", [4, 3, 2, 1]));
        users
    }

    fn login(user: &[u8], password: &[u8], origin: Origin) -> Result<String, LoginRefused> {
        let outcome = users().login(Credentials { user, password }, origin);
        outcome.map(|user| user.to_string())
    }

    #[test]
    fn the_right_password_logs_in() {
        assert_eq!(login(b"alice", b"pw", Origin::Remote), Ok("alice".to_owned()));
        assert_eq!(login(b"guest", b"guest", Origin::Loopback), Ok("guest".to_owned()));
    }

    #[test]
    fn a_wrong_password_and_an_unknown_user_are_refused_alike() {
        for (user, password) in
            [(&b"alice"[..], &b"guest"[..]), (b"bob", b"pw"), (b"ALICE", b"pw"), (b"\xff", b"pw")]
        {
            let outcome = login(user, password, Origin::Loopback);
            assert_eq!(outcome, Err(LoginRefused::InvalidCredentials));
        }
    }

    #[test]
    fn a_blank_password_is_refused_even_if_it_is_the_users() {
        let mut users = users();
        users.insert("blank", PasswordHash::new(b"", [0; 4]));

        let credentials = Credentials { user: b"blank", password: b"" };

        let outcome = users.login(credentials, Origin::Loopback);
        assert_eq!(outcome, Err(LoginRefused::BlankPassword));
    }

    #[test]
    fn a_loopback_user_is_refused_from_elsewhere_after_the_password_was_right() {
        assert_eq!(login(b"guest", b"guest", Origin::Remote), Err(LoginRefused::OnlyLoopback));
        assert_eq!(login(b"guest", b"x", Origin::Remote), Err(LoginRefused::InvalidCredentials));
    }
}
