//! What a channel has been switched to: confirms or transactions, never both.

use std::fmt;

use crate::amqp::exception::Exception;
use crate::amqp::reply_code::ReplyCode;

/// A channel's mode. It is left only with the channel.
///
/// ```text
///            confirm.select
///   Plain ------------------> Confirming
///     |      tx.select                      tx.commit
///     `---------------------> Transactional <-------> Committing
///                                           commit-ok
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Neither confirms nor transactions.
    #[default]
    Plain,
    /// Each publish is answered.
    Confirming,
    /// Publishes and settlements wait for `tx.commit`.
    Transactional,
    /// The answer to `tx.commit` is due; no other method may come before it.
    Committing,
}

/// Why a mode cannot be entered or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModeError {
    /// `confirm.select` on a transactional channel.
    ConfirmOnTransactional,
    /// `tx.select` on a confirming channel.
    TransactionOnConfirming,
    /// `tx.commit` or `tx.rollback` without `tx.select`.
    NotTransactional,
    /// A method before the answer to `tx.commit`.
    CommitPending,
}

impl Mode {
    /// The mode after `confirm.select`.
    ///
    /// # Errors
    /// The channel is transactional.
    pub const fn select_confirm(self) -> Result<Self, ModeError> {
        match self {
            Self::Plain | Self::Confirming => Ok(Self::Confirming),
            Self::Transactional | Self::Committing => Err(ModeError::ConfirmOnTransactional),
        }
    }

    /// The mode after `tx.select`.
    ///
    /// # Errors
    /// The channel is confirming.
    pub const fn select_transaction(self) -> Result<Self, ModeError> {
        match self {
            Self::Confirming => Err(ModeError::TransactionOnConfirming),
            Self::Plain | Self::Transactional => Ok(Self::Transactional),
            Self::Committing => Err(ModeError::CommitPending),
        }
    }

    /// The mode while `tx.commit` is carried out.
    ///
    /// # Errors
    /// The channel is not transactional.
    pub const fn commit(self) -> Result<Self, ModeError> {
        match self {
            Self::Plain | Self::Confirming => Err(ModeError::NotTransactional),
            Self::Transactional => Ok(Self::Committing),
            Self::Committing => Err(ModeError::CommitPending),
        }
    }

    /// The mode after `tx.rollback`.
    ///
    /// # Errors
    /// The channel is not transactional.
    pub const fn rollback(self) -> Result<Self, ModeError> {
        match self {
            Self::Plain | Self::Confirming => Err(ModeError::NotTransactional),
            Self::Transactional => Ok(Self::Transactional),
            Self::Committing => Err(ModeError::CommitPending),
        }
    }
}

impl fmt::Display for ModeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConfirmOnTransactional => "cannot switch from tx to confirm mode",
            Self::TransactionOnConfirming => "cannot switch from confirm to tx mode",
            Self::NotTransactional => "channel is not transactional",
            Self::CommitPending => "unexpected command while processing 'tx.commit'",
        })
    }
}

impl std::error::Error for ModeError {}

impl From<ModeError> for Exception {
    fn from(error: ModeError) -> Self {
        let code = match error {
            ModeError::CommitPending => ReplyCode::ChannelError,
            ModeError::ConfirmOnTransactional
            | ModeError::TransactionOnConfirming
            | ModeError::NotTransactional => ReplyCode::PreconditionFailed,
        };
        Self::new(code, error.to_string())
    }
}
