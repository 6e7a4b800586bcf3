//! How an exchange routes: its bindings, and which destinations a key and headers find
//! (spec 3.1.3). Pure: it knows bindings and what of a message may be routed by, no queue and no
//! virtual host. Chance comes in with the message, time with the question.

pub mod binding;
pub mod deduplication;
pub mod delayed;
pub mod hash;
pub mod hash_on;
mod headers;
pub mod kind;
pub mod message;
pub mod past;
mod prefixes;
pub mod recent_history;
pub mod router;
mod seen;
mod shares;
mod topic;
pub mod waiting;
