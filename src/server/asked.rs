//! What a message's properties ask of the broker. What it cannot do is refused rather than ignored.

use super::replies;
use crate::amqp::exception::Exception;
use crate::amqp::expiration::parse_expiration;
use crate::amqp::message::{HiddenKeys, split_address};
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::{ArrayRef, TableRef, Value};
use crate::channel::state::Channel;
use crate::codec::header::Properties;
use crate::codec::publish::WholePublish;
use crate::codec::rewrite::Rewrite;

/// The headers with further routing keys (RabbitMQ: `rabbit_basic:header_routes/1`). Receivers see
/// the first, and never the second.
const CC: &str = "CC";
const BCC: &str = "BCC";

/// What a publish needs beyond its address, where it needs anything.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// All routing keys, the publish's own among them, each once; none when that is the only one.
    pub(super) keys: Vec<&'a [u8]>,
    /// Whether the message says something of its life in a queue.
    pub(super) marked: bool,
    /// Those of the keys that receivers do not see.
    pub(super) hidden: HiddenKeys,
    /// The content header to go on with, if not the one that came.
    pub(super) header: Option<Vec<u8>>,
}

impl<'a> Asked<'a> {
    /// What the properties of a publish by `user` on `channel` ask for; mostly nothing.
    ///
    /// # Errors
    /// Something that is not lawful, or not to be had: 406.
    pub(super) fn of(
        publish: &WholePublish<'a>,
        channel: &Channel,
        user: &str,
    ) -> Result<Option<Self>, Exception> {
        let WholePublish { message, properties, .. } = publish;
        let reply_to = if properties.reply_to() == Some(replies::NAME.as_bytes()) {
            Some(channel.replies.name()?.as_bytes())
        } else {
            None
        };
        let marked = check_expiration(properties)?;
        let lists = properties.headers().map(KeyLists::of).transpose()?.unwrap_or_default();
        check_user_id(properties, user)?;
        let without_field = lists.bcc.map(|_| BCC);
        let keys = lists.all_with(split_address(message.address).1);
        let rewrite = Rewrite { without_field, reply_to };
        let header =
            (rewrite != Rewrite::default()).then(|| rewrite.apply(message.header, properties));
        let is_any = marked || !keys.is_empty() || header.is_some();
        Ok(is_any.then(|| Self { keys, marked, hidden: lists.hidden(), header }))
    }
}

/// The arrays with further routing keys, where there are any.
#[derive(Default)]
struct KeyLists<'a> {
    cc: Option<ArrayRef<'a>>,
    bcc: Option<ArrayRef<'a>>,
}

impl<'a> KeyLists<'a> {
    fn of(headers: TableRef<'a>) -> Result<Self, Exception> {
        Ok(Self { cc: key_list(headers, CC)?, bcc: key_list(headers, BCC)? })
    }

    /// The keys that receivers do not see.
    fn hidden(&self) -> HiddenKeys {
        let mut keys = HiddenKeys::default();
        let listed = self.bcc.into_iter().flat_map(ArrayRef::iter);
        listed.filter_map(Value::as_long_str).for_each(|key| keys.push(key));
        keys
    }

    /// Each key once, `own` among them; none without a list. What is no string is no key.
    fn all_with(&self, own: &'a [u8]) -> Vec<&'a [u8]> {
        if self.cc.is_none() && self.bcc.is_none() {
            return Vec::new();
        }
        let listed = self.cc.into_iter().chain(self.bcc).flat_map(ArrayRef::iter);
        let mut keys: Vec<_> = listed.filter_map(Value::as_long_str).chain([own]).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

fn refused(text: impl Into<String>) -> Exception {
    Exception::new(ReplyCode::PreconditionFailed, text)
}

/// Whether the message expires.
fn check_expiration(properties: &Properties<'_>) -> Result<bool, Exception> {
    let Some(expiration) = properties.expiration() else { return Ok(false) };
    parse_expiration(expiration).map(|_| true).map_err(refused)
}

fn check_user_id(properties: &Properties<'_>, user: &str) -> Result<(), Exception> {
    let Some(claimed) = properties.user_id().filter(|claimed| *claimed != user.as_bytes()) else {
        return Ok(());
    };
    let claimed = String::from_utf8_lossy(claimed);
    let text = format!("user_id property set to '{claimed}' but authenticated user was '{user}'");
    Err(refused(text))
}

fn key_list<'a>(headers: TableRef<'a>, name: &str) -> Result<Option<ArrayRef<'a>>, Exception> {
    match headers.get(name) {
        None => Ok(None),
        Some(Value::Array(keys)) => Ok(Some(keys)),
        Some(other) => {
            let kind = other.type_name();
            let text =
                format!("invalid message: {{unacceptable_type_in_header,\"{name}\",{kind}}}");
            Err(refused(text))
        }
    }
}
