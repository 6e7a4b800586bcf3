//! One channel (spec 1.4): what it has been sent so far, and what it has sent that is not settled.
//! Pure: it does no I/O, and knows neither frames nor queues.
//!
//! The inbound half is [`state::Channel`], kept by the connection. The
//! outbound half is [`deliveries::Deliveries`], [`credit::ChannelCredit`] and
//! [`confirms::Confirms`], kept where what queues send is written.

pub mod ages;
pub mod assembly;
pub mod confirms;
pub mod credit;
pub mod deliveries;
pub mod mode;
pub mod replies;
pub mod ring;
pub mod state;
