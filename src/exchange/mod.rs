//! How an exchange routes: its bindings, and which destinations a key and headers find
//! (spec 3.1.3). Pure: it knows bindings and messages' keys and headers, no queue and no virtual
//! host.

pub mod binding;
mod headers;
pub mod kind;
mod prefixes;
pub mod router;
mod topic;
