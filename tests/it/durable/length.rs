//! Queues with limits of length, after a restart.

use super::end::{ENDS, Restarted, kept};
use crate::raw::method::{basic_publish, confirm_select, queue_declare};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

#[track_caller]
fn publish_confirmed(peer: &mut Peer, queue: &str, texts: &[&str]) -> Vec<bool> {
    texts
        .iter()
        .map(|text| {
            peer.channel(1).publish(&basic_publish("", queue), &kept(text));
            peer.expect_confirm(1).acked
        })
        .collect()
}

#[test]
fn what_was_dropped_or_refused_never_comes_back() {
    let ring = [("x-max-length", Field::Int(2))];
    let full = [("x-max-length", Field::Int(2)), ("x-overflow", Field::Str("reject-publish"))];
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        peer.channel(1).call(&queue_declare("ring").durable().arguments(&ring));
        peer.channel(1).call(&queue_declare("full").durable().arguments(&full));
        let dropped = publish_confirmed(&mut peer, "ring", &["1", "2", "3", "4"]);
        let refused = publish_confirmed(&mut peer, "full", &["1", "2", "3", "4"]);

        broker.again(end, [peer]);

        assert_eq!(dropped, [true; 4], "{end:?}");
        assert_eq!(refused, [true, true, false, false], "{end:?}");
        let mut peer = broker.connect();
        assert_eq!(peer.channel(1).drain("ring"), ["3", "4"], "{end:?}");
        assert_eq!(peer.channel(1).drain("full"), ["1", "2"], "{end:?}");
        peer.channel(1).call(&confirm_select());
        let again = publish_confirmed(&mut peer, "ring", &["5", "6", "7"]);
        let full = publish_confirmed(&mut peer, "full", &["5", "6", "7"]);
        assert_eq!((again, full), (vec![true; 3], vec![true, true, false]), "{end:?}");
        assert_eq!(peer.channel(1).drain("ring"), ["6", "7"], "{end:?}");
        assert_eq!(peer.channel(1).drain("full"), ["5", "6"], "{end:?}");
    }
}
