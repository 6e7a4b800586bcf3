//! basic.publish, once its content is whole (spec 1.8.3.5; RabbitMQ:
//! `rabbit_channel:handle_method/3`).

use std::sync::Arc;

use bytes::Bytes;

use super::asked::Asked;
use super::past::Way;
use super::publisher::{OWN_SEGMENT_MIN, Outgoing};
use super::replies;
use super::service::Service;
use super::transaction::Publish;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::message::{MessageRef, Resting};
use crate::amqp::reply_code::ReplyCode;
use crate::channel::mode::Mode;
use crate::channel::state::Channel;
use crate::codec::encode;
use crate::codec::header::{Properties, parse_header};
use crate::codec::publish::WholePublish;
use crate::exchange::delayed::delay;
use crate::vhost::past::seen_by_exchanges;
use crate::vhost::queue::{Delays, Queue};
use crate::vhost::routes::Route;

impl Service {
    /// Publishes the message that the channel has put together.
    ///
    /// # Errors
    /// As [`Self::handle_publish`].
    pub(super) fn handle_published(
        &mut self,
        channel: &mut Channel,
        at: ChannelId,
    ) -> Result<(), Exception> {
        let Some((record, mandatory)) = channel.assembly.take() else { return Ok(()) };
        let record = record.freeze();
        let Some(message) = MessageRef::read(&record) else { return Ok(()) };
        let properties =
            parse_header(message.header).map(|header| header.properties).unwrap_or_default();
        let publish = WholePublish { channel: at, message, properties, mandatory };
        self.handle_publish(channel, &publish, Some(&record))
    }

    /// Routes a message and adds it to the batch, or to its transaction. `record` is the message
    /// where it has a buffer of its own.
    ///
    /// # Errors
    /// 404 and 403 for the exchange, 406 for properties that ask for what is not to be had.
    pub(super) fn handle_publish(
        &mut self,
        channel: &mut Channel,
        publish: &WholePublish<'_>,
        record: Option<&Bytes>,
    ) -> Result<(), Exception> {
        if self.refused || !self.settled.is_empty() && self.vhost.has_unique_queues() {
            // What was refused before this may take its room, and what was acked is nothing that it
            // could be a duplicate of.
            self.flush();
        }
        let WholePublish { channel: at, ref message, ref properties, mandatory } = *publish;
        let persistent = properties.delivery_mode() == Some(2);
        let terms = Outgoing::new(at, channel.number_publish(), persistent, message.body.len());
        if self.is_plain(channel, publish) {
            let chances = &mut self.chances;
            let seen = || seen_by_exchanges(properties, chances.next());
            let route = self.routes.resolve(&self.vhost, message.address, seen)?;
            if let Some(route) = route.filter(|route| !route.is_empty()) {
                let unroutable = mandatory && is_unrouted(route);
                self.publisher.add(terms, message, route);
                if unroutable {
                    self.return_message(at, *message);
                }
                return Ok(());
            }
        }
        self.handle_special(channel, publish, terms, record)
    }

    /// Whether a message is as most are: nothing about it goes by more than its routing key.
    #[inline]
    fn is_plain(&self, channel: &Channel, publish: &WholePublish<'_>) -> bool {
        !publish.properties.has_any(Properties::ASKING)
            && publish.message.body.len() < OWN_SEGMENT_MIN / 2
            && publish.message.header.len() < OWN_SEGMENT_MIN / 2
            && channel.mode() != Mode::Transactional
            && !self.traced
            && !self.vhost.has_timed_queues()
    }

    /// As [`Self::handle_publish`], whatever the message asks for and wherever it goes.
    #[inline(never)]
    fn handle_special(
        &mut self,
        channel: &mut Channel,
        publish: &WholePublish<'_>,
        mut terms: Outgoing,
        mut record: Option<&Bytes>,
    ) -> Result<(), Exception> {
        let WholePublish { channel: at, mut message, ref properties, mandatory } = *publish;
        let chances = &mut self.chances;
        let mut seen = || seen_by_exchanges(properties, chances.next());
        let mut route = self.routes.resolve(&self.vhost, message.address, &mut seen)?;
        let asked = ask(publish, channel, &self.user)?;
        if let Some(asked) = &asked {
            terms.marked = asked.marked;
            message.hidden = asked.hidden.as_bytes();
            if let Some(header) = &asked.header {
                message.header = header;
                record = None;
            }
            if !asked.keys.is_empty() {
                route =
                    self.routes.resolve_all(&self.vhost, message.address, &asked.keys, seen())?;
            }
        }
        if (terms.marked || self.vhost.has_timed_queues())
            && needs_time(&mut terms, properties, route)
        {
            message.stamp.accepted = Some(self.publisher.now());
            record = None;
        }
        let transactional = channel.mode() == Mode::Transactional;
        let keys = asked.as_ref().map_or(&[][..], |asked| &asked.keys);
        let Some(route) = route else {
            let publish = WholePublish { message, ..*publish };
            if transactional {
                self.gather_by_past(terms, &publish, keys, record);
                return Ok(());
            }
            return self.publish_by_past(terms, &publish, keys, record);
        };
        let replies = if route.is_empty() || asked.is_some() {
            replies::addressed(message.address, keys)
        } else {
            Vec::new()
        };
        if self.traced {
            let queues = names(route).chain(replies.iter().map(AsRef::as_ref));
            self.tracer.published(at, message.parts(), queues);
        }
        if transactional || message.size() >= OWN_SEGMENT_MIN || !replies.is_empty() {
            let record = record.map_or_else(|| message.to_bytes(), Bytes::clone);
            let publish =
                Publish { terms, record, way: Way::Known(Arc::clone(route)), replies, mandatory };
            if transactional {
                self.transactions.entry(at).or_default().publish(publish);
            } else {
                self.publish_record(publish);
            }
            return Ok(());
        }
        let unroutable = mandatory && is_unrouted(route);
        self.publisher.add(terms, &message, route);
        if unroutable {
            self.return_message(at, message);
        }
        Ok(())
    }

    /// Publishes a message that keeps the buffer it is in.
    pub(super) fn publish_record(&mut self, publish: Publish) {
        let Publish { mut terms, record, way, replies, mandatory } = publish;
        let Some(message) = MessageRef::read(&record) else { return };
        let passes = matches!(way, Way::ByPast(_));
        let Some(route) = self.decide(terms.channel, way, message, mandatory) else {
            self.publisher.add_duplicate(terms, self.routes.open());
            return;
        };
        if passes {
            terms.answers = self.count_exchanges();
        }
        if mandatory && is_unrouted(&route) && replies.is_empty() {
            self.return_message(terms.channel, message);
        }
        for name in replies {
            self.deliver_reply(&name, Resting { message: message.parts(), segment: &record });
        }
        let place = self.publisher.add_whole(terms, record, &route);
        if passes {
            self.note_exchanges(terms, place);
        }
    }

    /// Hands a mandatory message that found no queue back to its publisher.
    pub(super) fn return_message(&self, at: ChannelId, message: MessageRef<'_>) {
        let code = ReplyCode::NoRoute;
        self.outbox.write_content(|out, frame_max| {
            encode::basic_return(out, at, code, code.name(), message.address);
            encode::content(out, at, message.header, message.body, frame_max);
        });
    }
}

/// Whether a message is in no queue yet. One that waits at an exchange may be lost there (the
/// community plug-in has such a mandatory message returned, and routes it when it is due).
pub(super) fn is_unrouted(route: &Route) -> bool {
    route.iter().all(|queue| queue.is_waiting())
}

/// The names of the queues that a message is in.
pub(super) fn names(route: &Route) -> impl Iterator<Item = &[u8]> {
    route.iter().filter(|queue| !queue.is_waiting()).map(|queue| queue.name.as_bytes())
}

/// Whether something of a message goes by when it was accepted: in a queue of its route, or in any
/// where the route is not known yet. Notes whether it is to wait.
fn needs_time(terms: &mut Outgoing, properties: &Properties<'_>, route: Option<&Route>) -> bool {
    let goes_to = |is: fn(&Queue) -> bool| route.is_none_or(|it| it.iter().any(|it| is(it)));
    if goes_to(|queue| queue.delays != Delays::Off) {
        terms.marked |= delay(properties.headers()).is_some();
    }
    terms.marked || goes_to(Queue::is_timed)
}

/// What the properties ask for; most ask for nothing.
#[inline]
fn ask<'a>(
    publish: &WholePublish<'a>,
    channel: &Channel,
    user: &str,
) -> Result<Option<Asked<'a>>, Exception> {
    if publish.properties.has_any(Properties::ASKING) {
        Asked::of(publish, channel, user)
    } else {
        Ok(None)
    }
}
