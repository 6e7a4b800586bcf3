//! The codec against `amq-protocol`'s: random methods, headers and frames through both.

/// A method of `amq-protocol`.
macro_rules! class {
    ($class:ident, $module:ident, $method:ident { $($fields:tt)* }) => {
        AMQPClass::$class($module::AMQPMethod::$method($module::$method { $($fields)* }))
    };
}

mod as_class;
mod client_method;
mod death;
mod encode;
mod header;
mod hostile;
mod method;
mod publish;
mod rewrite;

use amq_protocol::frame::{AMQPFrame, WriteContext, gen_frame};
use amq_protocol::types::{
    AMQPValue, DecimalValue, FieldArray, FieldTable, LongString, ShortString, parsing,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::amqp::table::TableRef;
use crate::codec::frame::{Frame, Parsed, parse_frame};

/// What `amq-protocol` sends for a frame.
fn encoded(frame: &AMQPFrame) -> Vec<u8> {
    gen_frame(frame)(WriteContext::from(Vec::new())).unwrap().into_inner().0
}

/// The one whole frame that `octets` are.
#[track_caller]
fn only_frame(octets: &[u8]) -> Frame<'_> {
    match parse_frame(octets, u32::MAX) {
        Ok(Parsed::Frame(frame, consumed)) if consumed == octets.len() => frame,
        other => panic!("not one frame: {other:?}"),
    }
}

/// The table as `amq-protocol` sees it.
fn field_table(table: TableRef<'_>) -> FieldTable {
    let mut octets = u32::try_from(table.as_bytes().len()).unwrap().to_be_bytes().to_vec();
    octets.extend(table.as_bytes());
    let (rest, table) = parsing::parse_field_table(octets.as_slice()).unwrap();
    assert!(rest.is_empty());
    table
}

fn short_string() -> impl Strategy<Value = ShortString> {
    prop_oneof![".{0,12}", "[a-z.]{0,255}"].prop_map(ShortString::from)
}

fn long_string() -> impl Strategy<Value = LongString> {
    vec(any::<u8>(), 0..40).prop_map(LongString::from)
}

fn value() -> impl Strategy<Value = AMQPValue> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(AMQPValue::Boolean),
        any::<i8>().prop_map(AMQPValue::ShortShortInt),
        any::<u8>().prop_map(AMQPValue::ShortShortUInt),
        any::<i16>().prop_map(AMQPValue::ShortInt),
        any::<u16>().prop_map(AMQPValue::ShortUInt),
        any::<i32>().prop_map(AMQPValue::LongInt),
        any::<u32>().prop_map(AMQPValue::LongUInt),
        any::<i64>().prop_map(AMQPValue::LongLongInt),
        (-1e30_f32..1e30).prop_map(AMQPValue::Float),
        (-1e300_f64..1e300).prop_map(AMQPValue::Double),
        (any::<u8>(), any::<u32>())
            .prop_map(|(scale, value)| AMQPValue::DecimalValue(DecimalValue { scale, value })),
        long_string().prop_map(AMQPValue::LongString),
        any::<u64>().prop_map(AMQPValue::Timestamp),
        vec(any::<u8>(), 0..20).prop_map(|octets| AMQPValue::ByteArray(octets.into())),
        Just(AMQPValue::Void),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4)
                .prop_map(|items| AMQPValue::FieldArray(FieldArray::from(items))),
            btree_map(short_string(), inner, 0..4)
                .prop_map(|fields| AMQPValue::FieldTable(FieldTable::from(fields))),
        ]
    })
}

fn table() -> impl Strategy<Value = FieldTable> {
    btree_map(short_string(), value(), 0..5).prop_map(FieldTable::from)
}
