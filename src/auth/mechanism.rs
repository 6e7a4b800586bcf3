//! SASL mechanisms: a client's response to credentials (spec 1.4.2.2; RFC 4616 for PLAIN).

use std::fmt;

use crate::amqp::exception::Exception;
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::{TableRef, Value};

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// `NUL user NUL password`.
    Plain,
    /// A field table without its length, with `LOGIN` and `PASSWORD`.
    AmqPlain,
}

/// A user's name and password as a client gave them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// The name; need not be UTF-8, though no user's name is anything else.
    pub user: &'a [u8],
    /// The password.
    pub password: &'a [u8],
}

/// Why a client's answer to `connection.start` cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MechanismError {
    /// A mechanism that is not offered; letter case counts.
    Unknown(String),
    /// A response that is not in the mechanism's form. It may hold a password, and is not kept.
    Malformed(Form),
}

/// In what a response is not in its mechanism's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One for PLAIN has other NULs than the two.
    Nuls,
    /// One for AMQPLAIN is no field table.
    Table,
    /// Its table has no `LOGIN` or no `PASSWORD`.
    Fields,
    /// It has both, and not as strings.
    Types,
}

impl Mechanism {
    /// The mechanism of that name, provided that it is among those `offered`.
    ///
    /// # Errors
    /// Any other name: 503.
    pub fn select(name: &str, offered: &[Self]) -> Result<Self, MechanismError> {
        let mut offered = offered.iter().copied();
        offered
            .find(|mechanism| mechanism.name() == name)
            .ok_or_else(|| MechanismError::Unknown(name.to_owned()))
    }

    /// The mechanism of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Plain, Self::AmqPlain].into_iter().find(|mechanism| mechanism.name() == name)
    }

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::AmqPlain => "AMQPLAIN",
        }
    }

    /// Reads the response of `connection.start-ok`.
    ///
    /// # Errors
    /// A response in another form: 502.
    pub fn credentials(self, response: &[u8]) -> Result<Credentials<'_>, MechanismError> {
        let credentials = match self {
            Self::Plain => read_plain(response).ok_or(Form::Nuls),
            Self::AmqPlain => read_amqplain(response),
        };
        credentials.map_err(MechanismError::Malformed)
    }
}

impl MechanismError {
    /// Whether it is told as a failed login: what RabbitMQ stumbles over, or a mechanism that it
    /// does not know, is not (`rabbit_reader:auth_phase/2`).
    pub const fn is_failed_login(&self) -> bool {
        matches!(self, Self::Malformed(Form::Nuls | Form::Fields | Form::Types))
    }
}

/// An identity to act for (in front of the first NUL) is refused, as RabbitMQ refuses it
/// (`rabbit_auth_mechanism_plain:extract_user_pass/1`).
fn read_plain(response: &[u8]) -> Option<Credentials<'_>> {
    let mut parts = response.strip_prefix(b"\0")?.split(|&octet| octet == 0);
    let (user, password) = (parts.next()?, parts.next()?);
    parts.next().is_none().then_some(Credentials { user, password })
}

fn read_amqplain(response: &[u8]) -> Result<Credentials<'_>, Form> {
    let table = TableRef::parse(response).map_err(|_| Form::Table)?;
    let field = |key| table.get(key).ok_or(Form::Fields);
    let octets = |value| match value {
        Value::LongStr(octets) | Value::Binary(octets) => Ok(octets),
        _ => Err(Form::Types),
    };
    let (user, password) = (field("LOGIN")?, field("PASSWORD")?);
    Ok(Credentials { user: octets(user)?, password: octets(password)? })
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?}, ***)", String::from_utf8_lossy(self.user))
    }
}

impl fmt::Display for MechanismError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "unknown authentication mechanism '{name}'"),
            Self::Malformed(Form::Nuls) => f.write_str("PLAIN response invalid"),
            Self::Malformed(Form::Table | Form::Fields) => {
                f.write_str("AMQPLAIN auth info is missing LOGIN or PASSWORD field")
            }
            Self::Malformed(Form::Types) => {
                f.write_str("AMQPLAIN auth info uses unsupported type for LOGIN or PASSWORD field")
            }
        }
    }
}

impl std::error::Error for MechanismError {}

impl From<MechanismError> for Exception {
    fn from(error: MechanismError) -> Self {
        let code = match error {
            MechanismError::Unknown(_) => ReplyCode::CommandInvalid,
            MechanismError::Malformed(_) => ReplyCode::SyntaxError,
        };
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUEST: Credentials<'_> = Credentials { user: b"guest", password: b"pass" };

    #[test]
    fn plain_holds_user_and_password_behind_one_nul_each() {
        assert_eq!(Mechanism::Plain.credentials(b"\0guest\0pass"), Ok(GUEST));
        let blank = Mechanism::Plain.credentials(b"\0guest\0").unwrap();
        assert_eq!(blank.password, b"");

        for response in
            [&b"guest\0pass"[..], b"admin\0guest\0pass", b"\0guest\0pass\0", b"\0guest", b""]
        {
            let outcome = Mechanism::Plain.credentials(response);
            assert_eq!(outcome, Err(MechanismError::Malformed(Form::Nuls)), "{response:?}");
        }
    }

    #[test]
    fn amqplain_is_a_table_without_its_length() {
        let response = b"\x05LOGINS\0\0\0\x05guest\x08PASSWORDx\0\0\0\x04pass";
        let with_length = [&u32::try_from(response.len()).unwrap().to_be_bytes(), &response[..]];

        assert_eq!(Mechanism::AmqPlain.credentials(response), Ok(GUEST));
        let number = b"\x05LOGINI\0\0\0\x05\x08PASSWORDx\0\0\0\x04pass";
        for (wrong, form) in [
            (&with_length.concat()[..], Form::Table),
            (&response[..15], Form::Table),
            (&response[..20], Form::Table),
            (&response[..16], Form::Fields),
            (b"", Form::Fields),
            (number, Form::Types),
        ] {
            let outcome = Mechanism::AmqPlain.credentials(wrong);
            assert_eq!(outcome, Err(MechanismError::Malformed(form)), "{wrong:?}");
        }
    }

    #[test]
    fn a_name_counts_letter_for_letter_and_only_when_offered() {
        let offered = [Mechanism::Plain];

        assert_eq!(Mechanism::select("PLAIN", &offered), Ok(Mechanism::Plain));
        for name in ["plain", "AMQPLAIN", "EXTERNAL", ""] {
            let error = Exception::from(Mechanism::select(name, &offered).unwrap_err());
            assert_eq!(
                error.reply_text(),
                format!("COMMAND_INVALID - unknown authentication mechanism '{name}'")
            );
        }
    }

    #[test]
    fn a_malformed_response_is_a_syntax_error_that_shows_no_password() {
        let error = Mechanism::Plain.credentials(b"x\0guest\0s3cret").unwrap_err();

        let exception = Exception::from(error);

        assert_eq!(exception.reply_text(), "SYNTAX_ERROR - PLAIN response invalid");
        assert_eq!(format!("{GUEST:?}"), r#"Credentials("guest", ***)"#);
    }
}
