//! Names of entities: at most 255 octets of UTF-8, checked when they are made, cheap to clone.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// Why octets are not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidName {
    /// More than 255 octets.
    TooLong,
    /// Not UTF-8.
    NotUtf8,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "a name has at most 255 octets",
            Self::NotUtf8 => "a name is UTF-8",
        })
    }
}

impl std::error::Error for InvalidName {}

fn checked(octets: &[u8]) -> Result<Arc<[u8]>, InvalidName> {
    if octets.len() > 255 {
        return Err(InvalidName::TooLong);
    }
    std::str::from_utf8(octets).map_err(|_| InvalidName::NotUtf8)?;
    Ok(Arc::from(octets))
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<[u8]>);

        impl $name {
            /// Checks length and charset.
            ///
            /// # Errors
            /// More than 255 octets, or not UTF-8.
            pub fn parse(octets: impl AsRef<[u8]>) -> Result<Self, InvalidName> {
                checked(octets.as_ref()).map(Self)
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).unwrap_or_default()
            }

            /// The name as it stands on the wire.
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// Whether it is the empty name.
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl Borrow<[u8]> for $name {
            fn borrow(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }
    )*};
}

names! {
    /// The name of a virtual host.
    VhostName;
    /// The name of an exchange; the empty one is the default exchange.
    ExchangeName;
    /// The name of a queue.
    QueueName;
    /// The key of a binding.
    BindingKey;
    /// A consumer's tag within its channel.
    ConsumerTag;
    /// The name of a policy or an operator policy.
    PolicyName;
}

impl ExchangeName {
    /// Whether it is the default exchange, whose name is empty.
    pub fn is_default(&self) -> bool {
        self.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_at_most_255_octets_of_utf8() {
        assert!(QueueName::parse("q".repeat(255)).is_ok());
        assert_eq!(QueueName::parse("q".repeat(256)), Err(InvalidName::TooLong));
        assert_eq!(QueueName::parse(b"\xff"), Err(InvalidName::NotUtf8));
    }
}
