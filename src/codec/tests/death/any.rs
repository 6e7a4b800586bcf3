//! Any messages and deaths: nothing else in the header changes, and what it tells is what a naive
//! model tells.

use std::collections::BTreeMap;

use amq_protocol::protocol::BasicProperties;
use amq_protocol::types::{AMQPValue, FieldTable};
use proptest::prelude::*;

use super::super::header::{as_basic_properties, properties};
use super::super::rewrite::header;
use super::super::value;
use super::{OURS, address, death, headers, message, model};
use crate::codec::death::{DeathReason, History, bury};
use crate::codec::header::{Property, parse_header};

pub(super) fn reason() -> impl Strategy<Value = DeathReason> {
    prop::sample::select(vec![
        DeathReason::Rejected,
        DeathReason::Expired,
        DeathReason::MaxLen,
        DeathReason::DeliveryLimit,
    ])
}

/// Something that may stand in place of `x-death`: anything, and what is nearly right.
fn alleged_deaths() -> impl Strategy<Value = AMQPValue> {
    let field = (prop::sample::select(vec!["queue", "reason", "count", "routing-keys"]), value());
    let text = prop::sample::select(vec!["q", "rejected", "expired"])
        .prop_map(|text| AMQPValue::LongString(text.into()));
    let named = (prop::sample::select(vec!["queue", "reason"]), text);
    let entry = prop::collection::vec(prop_oneof![field, named], 0..5).prop_map(|fields| {
        let fields: BTreeMap<_, _> =
            fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
        AMQPValue::FieldTable(FieldTable::from(fields))
    });
    let entries = prop::collection::vec(prop_oneof![3 => entry, 1 => value()], 0..4);
    prop_oneof![value(), entries.prop_map(|entries| AMQPValue::FieldArray(entries.into()))]
}

/// Properties with some of the broker's headers, set to anything.
fn with_nonsense() -> impl Strategy<Value = BasicProperties> {
    let nonsense = (
        prop::option::of(alleged_deaths()),
        prop::collection::vec((prop::sample::select(OURS[1..].to_vec()), value()), 0..3),
        prop::option::of(value()),
    );
    (properties(), nonsense).prop_map(|(of, (deaths, ours, cc))| {
        let mut set = of.headers().as_ref().map(|table| table.inner().clone()).unwrap_or_default();
        let ours = ours.into_iter().map(|(name, value)| (name.into(), value));
        set.extend(deaths.map(|deaths| ("x-death".into(), deaths)).into_iter().chain(ours));
        set.extend(cc.map(|cc| ("CC".into(), cc)));
        if of.headers().is_none() && set.is_empty() { of } else { of.with_headers(set.into()) }
    })
}

proptest! {
    #[test]
    fn everything_else_stays_octet_for_octet(
        sent in with_nonsense(),
        own: bool,
        queue in "[a-z]{0,3}|.{0,20}",
        reason in reason(),
        key in "[a-z]{0,9}",
    ) {
        let history = if own { History::Own } else { History::Foreign };
        let (address, before) = (address("x", &key), header(sent));

        let buried = bury(&message(&address, &before), history, &death(&queue, reason)).unwrap();

        let (was, is) = (parse_header(&before).unwrap(), parse_header(&buried.header).unwrap());
        prop_assert_eq!((is.class, is.weight, is.body_size), (was.class, was.weight, was.body_size));
        let touched = Property::Expiration as u16 | Property::Headers as u16;
        let rest = was.properties.fields().filter(|(flag, _)| flag & touched == 0);
        prop_assert!(is.properties.fields().filter(|(flag, _)| flag & touched == 0).eq(rest));
        prop_assert!(!is.properties.has_any(Property::Expiration as u16));
        let not_ours = |(name, _): &(&[u8], &[u8])| !OURS.iter().any(|our| our.as_bytes() == *name);
        let (was, is) = (was.properties.headers().unwrap_or_default(), headers(&buried.header));
        prop_assert!(is.fields().filter(not_ours).eq(was.fields().filter(not_ours)));
        let ours = is.fields().filter(|field| !not_ours(field)).map(|(name, _)| name);
        prop_assert!(ours.eq(OURS.iter().map(|name| name.as_bytes())));
        let cycle = reason != DeathReason::Rejected;
        prop_assert_eq!(buried.is_cycle(queue.as_bytes()), cycle);
        prop_assert_eq!(buried.queues().next(), Some(queue.as_bytes()));
    }

    #[test]
    fn any_octets_are_buried_or_refused(octets in prop::collection::vec(any::<u8>(), 0..60)) {
        let expired = death("q", DeathReason::Expired);
        let header = [&[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0x20, 0][..], &octets].concat();

        for header in [&octets, &header] {
            let buried = bury(&message(&octets, header), History::Own, &expired);

            prop_assert_eq!(buried.is_ok(), parse_header(header).is_ok());
        }
    }

    #[test]
    fn any_deaths_in_turn_are_told_as_by_the_model(
        sent in with_nonsense(),
        expiration in prop::option::of(0_u64..100_000),
        cc in prop::option::of(prop::collection::vec("[a-c]", 0..3)),
        events in prop::collection::vec(model::event(), 1..8),
    ) {
        let mut model = model::Model::published(sent, expiration, cc);
        let (mut octets, mut history) = (header(model.properties.clone()), History::Foreign);
        for event in &events {
            let address = address(&model.exchange, &model.keys[0]);
            model.die(event);

            let buried = bury(&message(&address, &octets), history, &event.death()).unwrap();

            let is = as_basic_properties(parse_header(&buried.header).unwrap().properties);
            prop_assert_eq!(is, model.properties.clone());
            let keys = model.keys.iter().map(String::as_bytes);
            prop_assert!(buried.keys.iter().eq(keys), "{:?} {:?}", buried.keys, model.keys);
            for queue in model::QUEUES {
                prop_assert_eq!(buried.is_cycle(queue.as_bytes()), model.is_cycle(queue));
            }
            (octets, history) = (buried.header.clone(), History::Own);
        }
    }
}
