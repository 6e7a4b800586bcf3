//! Policies: settings for all queues and exchanges of a virtual host whose names match a pattern.
//! Of the policies that match, the one of highest priority counts; operator policies are chosen
//! for themselves and bound what the others may say. Pure. What comes of it for a queue together
//! with its arguments is said in [`topology::effective`](crate::topology::effective).

pub mod checked;
pub mod definition;
pub mod draft;
pub mod error;
mod key;
pub mod pattern;
pub mod policies;
mod term;

#[cfg(test)]
mod tests;
