//! basic.publish, once its content is whole (spec 1.8.3.5; RabbitMQ:
//! `rabbit_channel:handle_method/3`).

use super::publisher::{OWN_SEGMENT_MIN, Outgoing};
use super::service::Service;
use super::transaction::Publish;
use crate::amqp::exception::Exception;
use crate::amqp::expiration::parse_expiration;
use crate::amqp::id::ChannelId;
use crate::amqp::message::MessageRef;
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::Value;
use crate::channel::mode::Mode;
use crate::channel::state::Channel;
use crate::codec::encode;
use crate::codec::header::{Properties, parse_header};
use crate::vhost::routes::Address;

/// The queue name that stands for direct reply-to.
const REPLY_TO: &[u8] = b"amq.rabbitmq.reply-to";

impl Service {
    /// Routes the message that the channel has put together.
    ///
    /// # Errors
    /// 404 and 403 for the exchange, 406 for properties that ask for what is not to be had.
    pub(super) fn handle_published(
        &mut self,
        channel: &mut Channel,
        at: ChannelId,
    ) -> Result<(), Exception> {
        let confirm = channel.number_publish();
        let transactional = channel.mode() == Mode::Transactional;
        let Some(published) = channel.assembly.published() else { return Ok(()) };
        let MessageRef { address: octets, header, body } = published.message;
        let properties = parse_header(header).map(|header| header.properties).unwrap_or_default();
        let address = Address { octets, exchange: published.exchange, key: published.routing_key };
        let queues = self.routes.resolve(&self.vhost, address, || properties.headers())?;
        check_properties(&properties, &self.user)?;
        let message = Outgoing {
            channel: at,
            confirm,
            persistent: properties.delivery_mode() == Some(2),
            body_len: u32::try_from(body.len()).unwrap_or(u32::MAX),
        };
        let mandatory = published.mandatory;
        if transactional || published.record.len() >= OWN_SEGMENT_MIN {
            let queues = queues.to_vec();
            let record = channel.assembly.take_record().freeze();
            self.publish_whole(Publish { message, record, queues, mandatory }, transactional);
            return Ok(());
        }
        let unroutable = queues.is_empty() && mandatory;
        self.publisher.add(message, published.record, queues);
        if unroutable {
            self.return_message(at, published.record);
        }
        Ok(())
    }

    /// Publishes a message that keeps the buffer it was put together in, at once or with its
    /// transaction.
    fn publish_whole(&mut self, publish: Publish, transactional: bool) {
        let at = publish.message.channel;
        if transactional {
            self.transactions.entry(at).or_default().publish(publish);
            return;
        }
        let Publish { message, record, queues, mandatory } = publish;
        if queues.is_empty() && mandatory {
            self.return_message(at, &record);
        }
        self.publisher.add_whole(message, &record, &queues);
    }

    /// Hands a mandatory message that found no queue back to its publisher.
    pub(super) fn return_message(&self, at: ChannelId, record: &[u8]) {
        let Some(message) = MessageRef::read(record) else { return };
        let code = ReplyCode::NoRoute;
        self.outbox.write_content(|out, frame_max| {
            encode::basic_return(out, at, code, code.name(), message.address);
            encode::content(out, at, message.header, message.body, frame_max);
        });
    }
}

/// Refuses what the properties ask for and the broker cannot do, rather than to ignore it.
fn check_properties(properties: &Properties<'_>, user: &str) -> Result<(), Exception> {
    if properties.flags() == 0 {
        return Ok(());
    }
    find_fault(properties, user)
        .map_or(Ok(()), |text| Err(Exception::new(ReplyCode::PreconditionFailed, text)))
}

fn find_fault(properties: &Properties<'_>, user: &str) -> Option<String> {
    if properties.reply_to() == Some(REPLY_TO) {
        return Some("fast reply consumer does not exist".to_owned());
    }
    if let Some(expiration) = properties.expiration() {
        let unsupported = |_| "the property expiration is not supported".to_owned();
        return Some(parse_expiration(expiration).map_or_else(|fault| fault, unsupported));
    }
    for key in ["CC", "BCC"] {
        match properties.headers().and_then(|headers| headers.get(key)) {
            None => {}
            Some(Value::Array(_)) => return Some(format!("the header {key} is not supported")),
            Some(other) => {
                let kind = other.type_name();
                return Some(format!(
                    "invalid message: {{unacceptable_type_in_header,\"{key}\",{kind}}}"
                ));
            }
        }
    }
    let claimed = properties.user_id().filter(|claimed| *claimed != user.as_bytes())?;
    let claimed = String::from_utf8_lossy(claimed);
    Some(format!("user_id property set to '{claimed}' but authenticated user was '{user}'"))
}
