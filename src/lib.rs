//! Leveret: an AMQP 0-9-1 message broker, a drop-in for RabbitMQ.
//!
//! # In a program
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let broker = leveret::Broker::builder()
//!     .listen("127.0.0.1:0".parse()?)
//!     .data_dir("leveret-data")
//!     .start()
//!     .await?;
//! println!("{:?}", broker.addresses());
//! broker.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Bird's-eye view
//!
//! One task serves each connection. Queues have no task: each is a state machine behind a lock
//! that is taken once per batch. Two halves meet in [`server`] alone: the protocol half does not
//! know who serves, the broker half does not know who asks.
//!
//! ```text
//! protocol half   codec      octets to frames and methods, and back       pure
//!                 channel    one channel: content, unacked, confirms      pure
//!                 connection one connection: handshake, states, closing   pure
//! broker half     auth       users and logins                             pure
//!                 exchange   how one exchange routes                      pure
//!                 queue      one queue: order, consumers, credit          pure
//!                 policy     settings by pattern; which of them counts    pure
//!                 topology   what is declared; routing snapshots          pure
//!                 store      contents of messages; the log
//!                 vhost      a virtual host: each queue behind its lock
//!                 broker     the node: virtual hosts, users, alarms
//! edges           server     listeners, connection tasks, methods
//!                 ctl        the control socket and its tools
//!                 perf       the load generator, for any broker
//!                 node       builds and starts all of it
//! for all         amqp       the vocabulary                               pure
//!                 config     text to settings                             pure
//! ```
//! Who may import whom is a table in `tests/it/layering.rs`, which keeps it true.
//!
//! # Where to start reading
//!
//! [`amqp::message`], then [`queue::core`] (what a queue decides), [`vhost::session`] (what it
//! needs of connections), `vhost/worker.rs` with its rooms and `vhost/inbox.rs` (how it is carried
//! out), then `server/peer.rs`, `server/event.rs` and `server/service.rs` (how a connection gets
//! there).
//!
//! # Life of a message
//!
//! 1. `server/driver.rs` reads. A publish that lies there whole is taken by [`codec::publish`];
//!    else [`codec::frame`] finds frames, [`connection::core`] checks them against its state and
//!    [`channel::assembly`] puts the message together as one record.
//! 2. `server/publish.rs` routes it ([`vhost::routes`]); `server/publisher.rs` copies it into a
//!    segment of this read (`server/segments.rs`) and hands each queue one batch.
//! 3. [`vhost::queue`] takes the batch in, or leaves it to whoever holds the lock;
//!    [`store::memory`] keeps the segment, [`queue::core`] says who gets which message.
//!    What is persistent goes to the log ([`store::log`]), which one thread writes.
//! 4. The worker tells the publisher, for persistent messages the log once they are durable. The
//!    worker hands deliveries to each consumer's outbox (`server/outbox/session.rs`), which encodes
//!    them straight into the output.
//! 5. The consumer's ack comes in by `server/settlement.rs`; the queue releases the message, the
//!    store its segment with the last message in it.
//!
//! A message that dies stays in its queue, out of reach, until `vhost/burial` has published its dead
//! letter and the queues that it went to have accepted it.
//!
//! # Invariants
//!
//! - Pure rooms do no I/O and read no clock.
//! - A queue's core holds no body; nothing it does depends on the order of a hash map.
//! - Locks are taken in this order: topology, one queue, one outbox. Never two queues, never two
//!   outboxes, never a queue while holding an outbox.
//! - Everything asked of a queue goes through its inbox in order: a channel sees its own writes.
//! - Routing takes no lock that a declaration holds.
//! - Headers and bodies leave as they came; only `BCC` is taken out, a reply-to that asks for
//!   direct replies put in place, and a dead letter tells in its headers how it died.
//! - What is not supported is refused with an error, never ignored.
//!
//! `ARCHITECTURE.md` has the details and the reasons.

pub mod amqp;
pub mod auth;
pub mod broker;
pub mod channel;
pub mod codec;
pub mod config;
pub mod connection;
pub mod ctl;
pub mod exchange;
pub mod node;
pub mod perf;
pub mod policy;
pub mod queue;
pub mod server;
pub mod store;
pub mod topology;
pub mod vhost;

pub use node::running::Broker;
