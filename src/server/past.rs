//! Publishes that go through exchanges which remember what went through them.

use std::sync::Arc;

use bytes::Bytes;

use super::publish::{is_unrouted, names};
use super::publisher::{OWN_SEGMENT_MIN, Outgoing};
use super::service::Service;
use super::transaction::Publish;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::message::MessageRef;
use crate::codec::header::{Properties, parse_header};
use crate::codec::publish::WholePublish;
use crate::vhost::fate::Place;
use crate::vhost::past::{Publication, read_header, seen_by_exchanges};
use crate::vhost::routes::Route;

/// Where a message of a transaction goes.
#[derive(Debug)]
pub(super) enum Way {
    /// To these queues.
    Known(Route),
    /// Through exchanges that remember it; not before the commit, as a rollback has to leave no
    /// trace. These are its routing keys, if it has others than its own.
    ByPast(Vec<Box<[u8]>>),
}

impl Service {
    /// Adds a message to its transaction. `record` is the message where it has a buffer of its own.
    pub(super) fn gather_by_past(
        &mut self,
        terms: Outgoing,
        publish: &WholePublish<'_>,
        keys: &[&[u8]],
        record: Option<&Bytes>,
    ) {
        let WholePublish { channel: at, message, mandatory, .. } = *publish;
        let record = record.map_or_else(|| message.to_bytes(), Bytes::clone);
        let way = Way::ByPast(keys.iter().map(|key| Box::from(*key)).collect());
        let publish = Publish { terms, record, way, replies: Vec::new(), mandatory };
        self.transactions.entry(at).or_default().publish(publish);
    }

    /// As [`Self::gather_by_past`], outside of a transaction.
    ///
    /// # Errors
    /// 404 and 403 for the exchange.
    pub(super) fn publish_by_past(
        &mut self,
        terms: Outgoing,
        publish: &WholePublish<'_>,
        keys: &[&[u8]],
        record: Option<&Bytes>,
    ) -> Result<(), Exception> {
        let WholePublish { channel: at, message, ref properties, mandatory } = *publish;
        let Some(route) = self.pass(message, properties, keys, mandatory)? else {
            self.publisher.add_duplicate(terms, self.routes.open());
            return Ok(());
        };
        self.trace_published(at, message, &route);
        let terms = Outgoing { answers: self.count_exchanges(), ..terms };
        let place = if message.size() >= OWN_SEGMENT_MIN {
            let record = record.map_or_else(|| message.to_bytes(), Bytes::clone);
            self.publisher.add_whole(terms, record, &route)
        } else {
            self.publisher.add(terms, &message, &route)
        };
        self.note_exchanges(terms, place);
        if mandatory && is_unrouted(&route) {
            self.return_message(at, message);
        }
        Ok(())
    }

    /// How many answers of exchanges the message waits for that went through just now: one of all
    /// that saw its value first, and one of each that has its like on the way.
    pub(super) fn count_exchanges(&self) -> u32 {
        let noted = usize::from(self.routes.is_noted());
        u32::try_from(self.routes.open().len() + noted).unwrap_or(u32::MAX)
    }

    /// Has these exchanges answer. The message was just added, and lies at `place`.
    pub(super) fn note_exchanges(&mut self, terms: Outgoing, place: Option<Place>) {
        self.publisher.note_open(terms, self.routes.open());
        self.publisher.note_first(terms, place, self.routes.take_noted());
    }

    /// Has a message go through; `None` if it is a duplicate that goes to no queue.
    ///
    /// # Errors
    /// 404 and 403 for the exchange.
    fn pass(
        &mut self,
        message: MessageRef<'_>,
        properties: &Properties<'_>,
        keys: &[&[u8]],
        mandatory: bool,
    ) -> Result<Option<Route>, Exception> {
        let publication = Publication {
            message,
            keys,
            seen: seen_by_exchanges(properties, self.chances.next()),
            read: read_header,
            persistent: properties.delivery_mode() == Some(2),
            mandatory,
        };
        Ok(self.routes.pass(&self.vhost, &publication)?.map(Arc::clone))
    }

    /// The way of a message of a transaction, at its commit; `None` for a duplicate. An exchange
    /// that has gone since leads nowhere.
    pub(super) fn decide(
        &mut self,
        at: ChannelId,
        way: Way,
        message: MessageRef<'_>,
        mandatory: bool,
    ) -> Option<Route> {
        let keys = match way {
            Way::Known(route) => return Some(route),
            Way::ByPast(keys) => keys,
        };
        let keys: Vec<&[u8]> = keys.iter().map(|key| &**key).collect();
        let properties = read_properties(message.header);
        let passed = self.pass(message, &properties, &keys, mandatory);
        let route = passed.unwrap_or_else(|_| Some(Route::default()))?;
        self.trace_published(at, message, &route);
        Some(route)
    }

    fn trace_published(&self, at: ChannelId, message: MessageRef<'_>, route: &Route) {
        if self.traced {
            self.tracer.published(at, message.parts(), names(route));
        }
    }
}

fn read_properties(header: &[u8]) -> Properties<'_> {
    parse_header(header).map(|header| header.properties).unwrap_or_default()
}
