//! Names that the server invents for queues, and what they begin with (`x-name-prefix`).

use crate::broker::TestBroker;
use crate::raw::method::{QUEUE_DECLARE, queue_declare};
use crate::raw::peer::Peer;
use crate::raw::wire::{Field, long_str};

const LONGEST: &str = "the longest prefix of a queue's name that is accepted: 64 octets";
const TOO_LONG: &str = "the first prefix of a queue's name that is refused has 65 octets.";

/// A connection whose channel 1 is open, to a broker that knows the argument.
fn connect(broker: &TestBroker) -> Option<Peer> {
    if broker.is_rabbitmq_3_10 {
        return None;
    }
    let mut peer = broker.connect();
    peer.open(1);
    Some(peer)
}

/// Declares a queue, and returns its name.
#[track_caller]
fn declare(peer: &mut Peer, queue: &str, arguments: &[(&str, Field)]) -> String {
    let declare = queue_declare(queue).exclusive().arguments(arguments);
    peer.channel(1).call(&declare).arguments().short_str()
}

#[test]
fn a_server_named_queue_begins_with_the_prefix_if_there_is_one() {
    let broker = TestBroker::start();
    let Some(mut peer) = connect(&broker) else { return };
    let prefix = |value| [("x-name-prefix", value), ("x-max-length", Field::Int(5))];

    for (value, expected) in [
        (Field::Str("app"), "app-"),
        (Field::Str("amq.own"), "amq.own-"),
        (Field::Str("a\r\nb"), "ab-"),
        (Field::Str(LONGEST), &format!("{LONGEST}-")),
        (Field::Str(""), "amq.gen-"),
        (Field::Int(7), "amq.gen-"),
    ] {
        let names = [(); 2].map(|()| declare(&mut peer, "", &prefix(value.clone())));

        for name in &names {
            assert_eq!(name.strip_prefix(expected).map(str::len), Some(22), "{name}");
        }
        assert_ne!(names[0], names[1]);
        // It is used up: with or without it, the queue is the same. Nobody may declare a reserved
        // name.
        if !names[0].starts_with("amq.") {
            declare(&mut peer, &names[0], &[("x-max-length", Field::Int(5))]);
        }
    }
}

#[test]
fn a_prefix_means_nothing_where_the_client_names_the_queue() {
    let broker = TestBroker::start();
    let Some(mut peer) = connect(&broker) else { return };

    for prefix in [TOO_LONG, "other"] {
        let arguments = [("x-name-prefix", Field::Str(prefix))];
        assert_eq!(declare(&mut peer, "named", &arguments), "named");
    }
}

#[test]
fn a_prefix_that_is_too_long_is_refused() {
    let broker = TestBroker::start();
    let Some(mut peer) = connect(&broker) else { return };

    let arguments = [("x-name-prefix", Field::Str(TOO_LONG))];
    peer.channel(1).send(&queue_declare("").exclusive().arguments(&arguments));

    let text =
        format!("PRECONDITION_FAILED - Queue name prefix '{TOO_LONG}' exceeds the 64-byte limit");
    peer.expect_channel_close(1, 406, &text, QUEUE_DECLARE);
}

#[test]
fn a_prefix_that_is_no_text_is_refused_as_such_a_name_is() {
    let broker = TestBroker::start();
    let Some(mut peer) = connect(&broker) else { return };

    let no_text = Field::Octets(b'S', long_str(b"a\xff"));
    peer.channel(1).send(&queue_declare("").exclusive().arguments(&[("x-name-prefix", no_text)]));

    let text = "FRAME_ERROR - Malformed UTF-8 in shortstr";
    peer.expect_connection_close(501, text, QUEUE_DECLARE);
}
