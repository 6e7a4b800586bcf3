//! Messages that wait for their time in the queues and at the exchanges of a running broker.

use std::sync::Arc;

use tokio::select;
use tokio::task::spawn_blocking;

use super::builder::done;
use super::running::Broker;
use crate::amqp::id::Timestamp;
use crate::broker::delays::{DelayError, WaitsIn};
use crate::queue::waiting::Rank;
use crate::vhost::delays::DelayedMessage;
use crate::vhost::queue::Queue;

/// Messages on one page of a list.
const PAGE: usize = 1000;

impl Broker {
    /// Messages that wait in a queue with `x-delayed` or at an exchange of type `x-delayed-message`,
    /// the first to be due first: at most 1,000, those behind `after`, which is the `rank` of the
    /// last message on the page before.
    ///
    /// # Errors
    /// There is no such queue or exchange, or virtual host.
    pub async fn list_delayed<'a>(
        &self,
        vhost: &str,
        place: impl Into<WaitsIn<'a>>,
        after: Option<Rank>,
    ) -> Result<Vec<DelayedMessage>, DelayError> {
        let after = after.unwrap_or_default();
        let place = place.into();
        let listed = self.with_queue(vhost, place, move |queue| queue.list_delayed(after, PAGE));
        listed.await.map(|(listed, _)| listed)
    }

    /// Removes the messages that wait in such a queue or exchange with that `message-id`. They are
    /// gone when it returns how many, for good if what they wait in is durable.
    ///
    /// # Errors
    /// There is no such queue or exchange, or virtual host; the data directory has failed.
    pub async fn cancel_delayed<'a>(
        &self,
        vhost: &str,
        place: impl Into<WaitsIn<'a>>,
        message_id: &[u8],
    ) -> Result<usize, DelayError> {
        let id = message_id.to_vec();
        let place = place.into();
        let cancel = self.with_queue(vhost, place, move |queue| queue.cancel_delayed(&id));
        let (count, queue) = cancel.await?;
        self.written(&queue).await.map(|()| count)
    }

    /// Has the messages that wait in such a queue or exchange with that `message-id` be due at
    /// `due`, at once if that is over; returns how many. The new time outlives a restart where the message does;
    /// a crash before this returns may leave a message with its time before too.
    ///
    /// # Errors
    /// Those of [`Self::cancel_delayed`].
    pub async fn retime_delayed<'a>(
        &self,
        vhost: &str,
        place: impl Into<WaitsIn<'a>>,
        message_id: &[u8],
        due: Timestamp,
    ) -> Result<usize, DelayError> {
        let id = message_id.to_vec();
        let place = place.into();
        let retime = self.with_queue(vhost, place, move |queue| queue.retime_delayed(&id, due));
        let (count, queue) = retime.await?;
        self.written(&queue).await.map(|()| count)
    }

    /// Asks a queue, off the threads that serve connections: it may read from the disk.
    async fn with_queue<R: Send + 'static>(
        &self,
        vhost: &str,
        place: WaitsIn<'_>,
        ask: impl FnOnce(&Arc<Queue>) -> R + Send + 'static,
    ) -> Result<(R, Arc<Queue>), DelayError> {
        let queue = self.node().waiting_queue(vhost, place)?;
        let asked = spawn_blocking(move || (ask(&queue), queue)).await;
        asked.map_err(|error| DelayError::NotDurable(error.to_string()))
    }

    /// Returns when everything that was done with a durable queue is written.
    async fn written(&self, queue: &Queue) -> Result<(), DelayError> {
        let Some(log) = queue.log.as_ref().filter(|_| queue.durable) else { return Ok(()) };
        let commit = log.barrier();
        select! {
            biased;
            () = done(&commit) => Ok(()),
            why = self.failed() => Err(DelayError::NotDurable(why)),
        }
    }
}
