//! Quorum queues over a restart.

use super::end::{ENDS, End, Restarted};
use crate::delivery_limit::{counts, quorum};
use crate::raw::method::{basic_get, basic_nack, basic_reject};
use crate::raw::wire::Field;

#[test]
fn all_messages_of_a_quorum_queue_outlive_the_process_and_with_them_what_was_counted() {
    for end in ENDS {
        let mut broker = Restarted::start_with(&[("STORE_CONFIRM", "written")]);
        let mut peer = broker.connect_confirming();
        quorum(&mut peer, "q", &[("x-delivery-limit", Field::Int(2))]);
        peer.channel(1).put_all("q", &["1", "2", "3"]);
        peer.expect_all_acked(1, 1, 3);
        let mut taker = broker.connect();
        for back in [basic_reject, basic_reject] {
            let got = taker.channel(1).get(&basic_get("q"));
            taker.channel(1).send(&back(got.tag).requeue());
        }
        let first = taker.channel(1).get(&basic_get("q"));
        let second = taker.channel(1).get(&basic_get("q"));
        taker.channel(1).send(&basic_nack(second.tag).requeue());
        assert_eq!(counts(&first.content), (Some(2), Some(2)));
        taker.channel(1).send(&basic_nack(first.tag).requeue());
        assert_eq!(taker.channel(1).counts("q"), (3, 0));
        // What is confirmed later is in the log behind the counts.
        peer.channel(1).put("q", "4");
        peer.expect_all_acked(1, 4, 4);

        broker.again(end, [peer, taker]);

        let mut peer = broker.connect();
        let gots: Vec<_> = (0..4).map(|_| peer.channel(1).get(&basic_get("q"))).collect();
        let found: Vec<_> =
            gots.iter().map(|got| (got.content.text(), counts(&got.content))).collect();
        let expected = [
            ("1", (Some(2), Some(3))),
            ("2", (None, Some(1))),
            ("3", (None, None)),
            ("4", (None, None)),
        ];
        assert_eq!(found, expected, "{end:?}");
        peer.channel(1).send(&basic_reject(gots[0].tag).requeue());
        peer.channel(1).send(&basic_reject(gots[1].tag).requeue());
        assert_eq!(peer.channel(1).counts("q"), (1, 0), "{end:?}");

        // The connection is lost with the stop: that counts, too.
        broker.again(End::Stop, [peer]);

        let mut peer = broker.connect();
        for expected in [("2", (Some(1), Some(2))), ("3", (Some(1), Some(1)))] {
            let got = peer.channel(1).get(&basic_get("q"));
            assert_eq!((got.content.text(), counts(&got.content)), expected, "{end:?}");
        }
    }
}
