//! A user as a durable entry: `user/NAME`, with the password's hash in RabbitMQ's form.

use serde::Deserialize;

use super::password::PasswordHash;
use crate::amqp::entry::{self, InvalidEntry};

const KIND: &[u8] = b"user";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    password_hash: String,
}

/// Whether the entry of that key is a user.
pub fn is_user(key: &[u8]) -> bool {
    key.split(|&octet| octet == b'/').next() == Some(KIND)
}

/// The user's key and value.
pub fn user_entry(name: &str, password: &PasswordHash) -> (Vec<u8>, Vec<u8>) {
    let value = entry::value([("password_hash", password.to_base64().into())]);
    (entry::key(&[KIND, name.as_bytes()]), value)
}

/// Reads what [`user_entry`] has made.
///
/// # Errors
/// It was made by nobody, or by a later version.
pub fn read_user(key: &[u8], value: &[u8]) -> Result<(String, PasswordHash), InvalidEntry> {
    let [kind, name] = <[_; 2]>::try_from(entry::parts(key)?)
        .map_err(|_| InvalidEntry::new(key, "a user's key is its kind and a name"))?;
    if kind != KIND {
        return Err(InvalidEntry::new(key, "no user"));
    }
    let name = String::from_utf8(name).map_err(|_| InvalidEntry::new(key, "a name is UTF-8"))?;
    let Fields { password_hash } = entry::read_value(key, value)?;
    let password = PasswordHash::parse(&password_hash)
        .ok_or_else(|| InvalidEntry::new(key, "password_hash is not a salted SHA-256 hash"))?;
    Ok((name, password))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_user_comes_out_as_it_went_in(name: String, password: Vec<u8>, salt: [u8; 4]) {
            let hash = PasswordHash::new(&password, salt);

            let (key, value) = user_entry(&name, &hash);

            prop_assert!(is_user(&key));
            prop_assert_eq!(read_user(&key, &value), Ok((name, hash)));
        }
    }

    #[test]
    fn what_is_no_user_is_refused_by_its_key() {
        let (key, value) = user_entry("guest", &PasswordHash::new(b"guest", [0; 4]));

        for (key, value, why) in [
            (&b"user/a/b"[..], &value[..], "a user's key is its kind and a name"),
            (b"vhost/a", &value, "no user"),
            (b"user/%FF", &value, "a name is UTF-8"),
            (&key, br#"{"password_hash":"x","version":1}"#, "password_hash is not"),
            (&key, br#"{"version":1}"#, "missing field `password_hash`"),
        ] {
            let error = read_user(key, value).unwrap_err().to_string();
            assert!(error.contains(&key.escape_ascii().to_string()), "{error}");
            assert!(error.contains(why), "{error}");
        }
        assert!(!is_user(b"users/x") && !is_user(b"vhost/user"));
    }
}
