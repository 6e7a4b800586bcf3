//! Tables: arguments to give, and headers to read.

use std::collections::BTreeMap;

use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldArray, FieldTable, ShortString};

/// A table with these fields.
pub fn table<const N: usize>(fields: [(&str, AMQPValue); N]) -> FieldTable {
    BTreeMap::from(fields.map(|(name, value)| (name.into(), value))).into()
}

/// A text as a field's value.
pub fn long(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

/// Texts as a field's value.
pub fn list(texts: &[&str]) -> AMQPValue {
    FieldArray::from(texts.iter().map(|text| long(text)).collect::<Vec<_>>()).into()
}

/// The arguments of a queue whose dead letters go to another one.
pub fn dead_letters_to(queue: &ShortString) -> FieldTable {
    table([
        ("x-dead-letter-exchange", long("")),
        ("x-dead-letter-routing-key", long(queue.as_str())),
    ])
}

/// A header of a message.
pub fn header<'a>(delivery: &'a Delivery, name: &str) -> Option<&'a AMQPValue> {
    delivery.properties.headers().as_ref()?.inner().get(name)
}

/// The deaths of a message, the last one first.
pub fn deaths(delivery: &Delivery) -> Vec<&FieldTable> {
    let Some(AMQPValue::FieldArray(deaths)) = header(delivery, "x-death") else {
        return Vec::new();
    };
    let death = |death| AMQPValue::as_field_table(death).expect("a death is a table");
    deaths.as_slice().iter().map(death).collect()
}

/// Queue, reason and count of each death.
pub fn told(delivery: &Delivery) -> Vec<String> {
    let told = |death: &FieldTable| {
        let field = |name| match death.inner().get(name) {
            Some(AMQPValue::LongString(text)) => text.to_string(),
            Some(AMQPValue::LongLongInt(number)) => number.to_string(),
            other => panic!("{name}: {other:?}"),
        };
        format!("{} {} {}", field("queue"), field("reason"), field("count"))
    };
    deaths(delivery).into_iter().map(told).collect()
}
