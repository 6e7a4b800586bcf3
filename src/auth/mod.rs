//! Who may log in: users, password hashes and SASL mechanisms. Pure: salts come in from outside.
//!
//! A login is three steps: the [`mechanism::Mechanism`] that the client named reads its response
//! into credentials, [`user::Users::login`] compares them with what is stored, and what goes wrong
//! is told to the log in full and to the client as one text, whatever the reason.

pub mod durable;
pub mod mechanism;
pub mod password;
pub mod user;
