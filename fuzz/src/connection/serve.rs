//! As much of carrying methods out as changes a channel.

use leveret::amqp::ack_mode::AckMode;
use leveret::amqp::exception::Exception;
use leveret::amqp::id::{ConsumerId, QueueId};
use leveret::amqp::message::{MessageRef, split_address};
use leveret::amqp::name::{ConsumerTag, QueueName};
use leveret::amqp::reply_code::ReplyCode;
use leveret::channel::mode::Mode;
use leveret::channel::state::{Channel, Consumer};
use leveret::codec::header::parse_header;
use leveret::codec::method::Method;

/// Carries a method out.
///
/// # Errors
/// What the channel's state forbids; 404 for deletions, so that soft errors come in any state.
pub(super) fn method(channel: &mut Channel, method: &Method<'_>) -> Result<(), Exception> {
    assert_ne!(channel.mode(), Mode::Committing, "{method:?} during a commit");
    match *method {
        Method::ConfirmSelect { .. } => channel.select_confirm()?,
        Method::TxSelect => channel.select_transaction()?,
        Method::TxCommit => channel.begin_commit()?,
        Method::TxRollback => channel.check_rollback()?,
        Method::BasicQos { prefetch_count, global: false, .. } => {
            channel.set_prefetch(prefetch_count);
        }
        Method::QueueDeclare { queue, .. } => {
            if let Ok(name) = QueueName::parse(queue) {
                channel.declared(name);
            }
        }
        Method::QueuePurge { queue: "", .. } => drop(channel.last_declared()?.clone()),
        Method::BasicConsume { consumer_tag, .. } => {
            let Ok(tag) = ConsumerTag::parse(consumer_tag) else { return Ok(()) };
            let id = ConsumerId(channel.consumer_count() as u64);
            let consumer = Consumer { id, queue: QueueId(1), acks: AckMode::Manual, timeout: None };
            channel.add_consumer(tag, consumer)?;
        }
        Method::BasicCancel { consumer_tag, .. } => {
            channel.remove_consumer(consumer_tag.as_bytes());
            assert!(channel.consumer(consumer_tag.as_bytes()).is_none());
        }
        Method::QueueDelete { .. } | Method::ExchangeDelete { .. } => {
            return Err(Exception::new(ReplyCode::NotFound, "no such thing"));
        }
        _ => {}
    }
    Ok(())
}

/// Reads the message that is complete.
pub(super) fn published(channel: &mut Channel, max_message_size: u64) {
    channel.number_publish();
    let published = channel.assembly.published().expect("a message is complete");
    let message = published.message;
    let (exchange, key) = split_address(message.address);
    assert_eq!(exchange.len() + key.len() + 2, message.address.len());
    assert!(message.body.len() as u64 <= max_message_size);
    let header = parse_header(message.header).expect("the header has been checked");
    assert_eq!(header.body_size, message.body.len() as u64);
    if message.body.len() % 2 == 1 {
        let size = message.size();
        let (record, _) = channel.assembly.take().expect("a message is complete");
        assert_eq!(MessageRef::read(&record).map(|message| message.size()), Some(size));
        assert!(channel.assembly.published().is_none());
    }
}
