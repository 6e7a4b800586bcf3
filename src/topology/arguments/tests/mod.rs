//! What is accepted, how the rest is refused, and how it is read.

mod consumer;
mod queue;
mod quorum;
mod values;

use super::*;
use crate::amqp::exception::Exception;
use crate::amqp::name::{QueueName, VhostName};
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::testing::table;

const fn int(value: i64) -> Value<'static> {
    Value::Int(b'l', value)
}

const fn text(value: &str) -> Value<'_> {
    Value::LongStr(value.as_bytes())
}

fn resource() -> Resource {
    Resource::queue(&VhostName::parse("/").unwrap(), &QueueName::parse("q").unwrap())
}

fn queue(fields: &[(&str, Value<'_>)]) -> Result<(), Error> {
    check_queue(resource, table(fields).as_ref())
}

#[track_caller]
fn assert_refused(result: Result<(), Error>, text: &str) {
    let exception = Exception::from(result.unwrap_err());
    assert_eq!((exception.code, &*exception.text), (ReplyCode::PreconditionFailed, text));
}
