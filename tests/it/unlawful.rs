//! Peers that break the rules: each gets the right error, and nobody else notices.

use std::time::{Duration, Instant};

use crate::broker::{Options, TestBroker};
use crate::raw::close::Outcome;
use crate::raw::content::{content, header};
use crate::raw::login::Login;
use crate::raw::method::{
    BASIC_GET_OK, BASIC_PUBLISH, Method, NONE, QUEUE_DECLARE, basic_consume, basic_get,
    basic_publish, basic_qos, channel_close_ok, connection_close, connection_close_ok,
    queue_declare, queue_delete,
};
use crate::raw::peer::{PATIENCE, PROTOCOL_HEADER, Peer};
use crate::raw::wire::{BODY, Field, HEADER, METHOD, fields, frame, frame_start, long_str, nested};

/// A connection that was there before the offender, and has a message on its way.
struct Bystander {
    peer: Peer,
    queue: String,
}

impl Bystander {
    fn of(broker: &TestBroker) -> Self {
        let mut peer = broker.connect();
        let declared = peer.open(1).call(&queue_declare("").exclusive());
        let queue = declared.arguments().short_str();
        peer.channel(1).publish(&basic_publish("", &queue), &content(b"unmoved"));
        Self { peer, queue }
    }

    /// Its message is there, and so is everything else it may ask for.
    #[track_caller]
    fn stays_unmoved(mut self) {
        self.peer.channel(1).send(&basic_get(&self.queue).no_ack());
        self.peer.expect_method(1, BASIC_GET_OK);
        assert_eq!(self.peer.expect_frame().kind, HEADER);
        assert_eq!(self.peer.expect_frame().payload, b"unmoved");
        self.peer.open(2).close();
        self.peer.close();
    }
}

#[test]
fn a_truncated_frame_ends_with_its_socket_and_nobody_else_notices() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);
    let whole = queue_declare("unlawful.truncated").exclusive().frame(1);

    for end in [1, 6, 7, 8, whole.len() - 1] {
        let mut offender = broker.connect();
        offender.open(1);
        offender.octets(&whole[..end]);
        offender.finish_writing();
        offender.expect_eof();
    }

    let mut late = broker.connect();
    late.open(1).send(&queue_declare("unlawful.truncated").passive());
    let text = "NOT_FOUND - no queue 'unlawful.truncated' in vhost '/'";
    late.expect_channel_close(1, 404, text, QUEUE_DECLARE);
    bystander.stays_unmoved();
}

#[test]
fn a_frame_in_single_octets_is_a_frame() {
    let broker = TestBroker::start();
    let mut slow = Peer::dial(broker.address);

    for octet in PROTOCOL_HEADER {
        slow.octets(&[*octet]);
    }
    slow.expect_method(0, (10, 10));
    for octet in Login::default().start_ok().frame(0) {
        slow.octets(&[octet]);
    }

    slow.expect_tune();
}

#[test]
fn an_oversized_frame_is_refused_by_its_header_alone() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);

    for (length, shown) in [(131_073, "131073"), (u32::MAX as usize, "4294967295")] {
        let mut offender = broker.connect();
        offender.open(1);
        offender.octets(&frame_start(BODY, 1, length));
        let text =
            format!("FRAME_ERROR - type 3, all octets = <<>>: {{frame_too_large,{shown},131064}}");
        offender.expect_connection_close(501, &text, NONE);
    }

    bystander.stays_unmoved();
}

#[test]
fn a_wrong_end_octet_closes_the_connection() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);
    let mut offender = broker.connect();
    let mut octets = frame(METHOD, 0, &connection_close_ok().payload());
    *octets.last_mut().unwrap() = 0;

    offender.octets(&octets);

    let text = "FRAME_ERROR - type 1, all octets = <<0,10,0,51>>: {invalid_frame_end_marker,0}";
    offender.expect_connection_close(501, text, NONE);
    bystander.stays_unmoved();
}

#[test]
fn a_method_on_an_unopened_channel_closes_the_connection() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);
    let mut offender = broker.connect();

    offender.channel(7).send(&queue_declare("unlawful.unopened"));

    offender.expect_connection_close(504, "CHANNEL_ERROR - expected 'channel.open'", QUEUE_DECLARE);
    offender.expect_eof();
    bystander.stays_unmoved();
}

#[test]
fn content_without_a_method_closes_the_connection() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);

    for (kind, payload) in [(HEADER, header(60, 2)), (BODY, b"hi".to_vec())] {
        let mut offender = broker.connect();
        offender.open(1).frame(kind, &payload);
        let text = "UNEXPECTED_FRAME - expected method frame, got non method frame instead";
        offender.expect_connection_close(505, text, NONE);
        offender.expect_eof();
    }

    bystander.stays_unmoved();
}

#[test]
fn frames_of_one_channel_may_not_interleave_with_its_content() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);
    let mut offender = broker.connect();

    offender.open(1).send(&basic_publish("", "nosuch")).frame(HEADER, &header(60, 4));
    offender.channel(1).frame(BODY, b"hi").send(&basic_qos(0, 1));

    let text = "UNEXPECTED_FRAME - expected content body, got non content body frame instead";
    offender.expect_connection_close(505, text, BASIC_PUBLISH);
    offender.expect_eof();
    bystander.stays_unmoved();
}

#[test]
fn contents_of_two_channels_may_interleave() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&queue_declare("unlawful.two").exclusive());
    peer.open(2);

    for channel in [1, 2] {
        peer.channel(channel)
            .send(&basic_publish("", "unlawful.two"))
            .frame(HEADER, &header(60, 4));
    }
    for part in [b"ab", b"cd"] {
        for channel in [1, 2] {
            peer.channel(channel).frame(BODY, part);
        }
    }
    peer.channel(2).call(&queue_declare("unlawful.two").passive());

    let mut channel = peer.channel(1);
    for _ in 0..2 {
        channel.call(&basic_get("unlawful.two").no_ack());
        peer.expect_frame();
        assert_eq!(peer.expect_frame().payload, b"abcd");
        channel = peer.channel(1);
    }
}

#[test]
fn a_huge_body_size_takes_no_memory_and_harms_nobody() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);

    for size in [536_870_913, u64::MAX] {
        let mut offender = broker.connect();
        offender.open(1).send(&basic_publish("", "nosuch")).frame(HEADER, &header(60, size));
        if broker.is_rabbitmq_3_10 {
            continue;
        }
        let text = format!(
            "FRAME_ERROR - content body size {size} exceeds maximum allowed size 536870912"
        );
        offender.expect_connection_close(501, &text, BASIC_PUBLISH);
    }
    let mut waiting: Vec<_> = (0..20).map(|_| broker.connect()).collect();
    for peer in &mut waiting {
        for channel in 1..=20 {
            peer.open(channel)
                .send(&basic_publish("", "nosuch"))
                .frame(HEADER, &header(60, 512 << 20));
        }
    }

    bystander.stays_unmoved();
}

#[test]
fn a_table_that_nests_too_deep_closes_the_connection() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);

    for letter in [b'F', b'A'] {
        let bomb = nested(letter, 15_000);
        let mut offender = broker.connect();
        offender.open(1).send(&queue_declare("unlawful.deep").exclusive().table(bomb.clone()));
        if broker.is_rabbitmq_3_10 {
            continue;
        }
        let text = "SYNTAX_ERROR - field table nests deeper than 64";
        offender.expect_connection_close(502, text, QUEUE_DECLARE);

        let mut offender = broker.connect();
        let message = content(b"").properties(1 << 13, &long_str(&bomb));
        offender.open(1).publish(&basic_publish("", "nosuch"), &message);
        let text = "FRAME_ERROR - headers property: field table nests deeper than 64";
        offender.expect_connection_close(501, text, NONE);
    }

    bystander.stays_unmoved();
}

#[test]
fn a_table_that_claims_to_be_huge_closes_the_connection() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);
    let claims: [&[u8]; 3] = [
        b"\x01kS\xff\xff\xff\xff",
        b"\x01kF\x7f\xff\xff\xff\x01a",
        b"\x01kA\0\0\0\x08I\0\0\0\x01A\xff\xff",
    ];

    for claim in claims {
        let mut offender = broker.connect();
        offender.open(1).send(&queue_declare("unlawful.huge").exclusive().table(claim.to_vec()));
        if broker.is_rabbitmq_3_10 {
            continue;
        }
        let text = "SYNTAX_ERROR - field table is truncated";
        offender.expect_connection_close(502, text, QUEUE_DECLARE);
    }

    bystander.stays_unmoved();
}

#[test]
fn a_table_of_many_fields_is_only_a_table() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let names: Vec<_> = (0..6_000).map(|field| format!("k{field}")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), Field::Bool(true))).collect();

    peer.open(1).call(&queue_declare("unlawful.many").exclusive().table(fields(&many)));

    peer.close();
}

#[test]
fn a_handshake_that_drags_on_is_ended() {
    let timeout = Duration::from_millis(300);
    let broker =
        TestBroker::start_with(Options { handshake_timeout: Some(timeout), ..Options::default() });
    let bystander = Bystander::of(&broker);
    let patience = Duration::from_secs(15);

    let began = Instant::now();
    let mut silent = Peer::dial(broker.address);
    let mut half = Peer::dial(broker.address);
    half.octets(&PROTOCOL_HEADER[..4]);
    let mut started = Peer::dial(broker.address);
    started.start();
    let mut tuned = Peer::dial(broker.address);
    tuned.start();
    tuned.tune(&Login::default());
    let mut dripping = Peer::dial(broker.address);
    dripping.start();
    let start_ok = Login::default().start_ok().frame(0);
    dripping.octets(&start_ok[..start_ok.len() / 2]);

    for peer in [&mut silent, &mut half, &mut started, &mut tuned, &mut dripping] {
        peer.be_patient(patience);
        let outcome = peer.outcome();
        assert!(!matches!(outcome, Outcome::Silence | Outcome::Accepted), "{outcome}");
        assert!(began.elapsed() < patience);
    }
    bystander.stays_unmoved();
}

#[test]
fn octets_at_random_are_refused() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);
    let mut random = Random(0x5eed_1234_9876_abcd);

    for round in 0..60 {
        let mut offender =
            if round % 3 == 0 { Peer::dial(broker.address) } else { broker.connect() };
        if round % 3 == 2 {
            offender.open(1);
        }
        let octets = random.octets(64 + round * 7);
        offender.octets(&octets);
        offender.finish_writing();
        let outcome = offender.outcome();
        assert!(
            matches!(outcome, Outcome::Closed(_) | Outcome::Dropped),
            "{outcome} in round {round}"
        );
    }

    bystander.stays_unmoved();
}

#[test]
fn lawful_frames_with_random_payloads_are_refused_or_answered() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);
    let mut random = Random(0x0dd5_eed5);

    for _ in 0..150 {
        let mut offender = broker.connect();
        offender.open(1);
        let classes = [10, 20, 40, 50, 60, 85, 90];
        let class = classes[random.below(classes.len())];
        let method = u16::try_from(random.below(13) * 10).unwrap();
        let length = random.below(40);
        let arguments = random.octets(length);
        offender.channel(1).send(&Method::raw((class, method), arguments));
        offender.send(&connection_close());
        let outcome = offender.outcome();
        assert_ne!(outcome, Outcome::Silence, "to method {class}, {method}");
    }

    bystander.stays_unmoved();
}

#[test]
fn a_half_closed_socket_is_let_go_with_all_it_had() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);
    let mut half = broker.connect();
    half.open(1).call(&queue_declare("unlawful.half").exclusive());
    half.channel(1).send(&basic_consume("unlawful.half", "half"));

    half.finish_writing();

    assert_eq!(half.outcome(), Outcome::Dropped);
    let mut late = broker.connect();
    eventually(|round| is_gone(&mut late, round, "unlawful.half"));
    bystander.stays_unmoved();
}

#[test]
fn a_peer_gone_mid_content_leaves_no_message_no_consumer_and_no_queue() {
    let broker = TestBroker::start();
    let bystander = Bystander::of(&broker);
    let mut keeper = broker.connect();
    keeper.open(1).call(&queue_delete("unlawful.gone"));
    keeper.channel(1).call(&queue_declare("unlawful.gone").durable());

    let mut gone = broker.connect();
    gone.open(1).call(&queue_declare("unlawful.own").exclusive());
    gone.channel(1).call(&basic_consume("unlawful.gone", "gone"));
    gone.channel(1).send(&basic_publish("", "unlawful.gone")).frame(HEADER, &header(60, 100));
    gone.channel(1).frame(BODY, b"half");
    drop(gone);

    eventually(|_| counts(&mut keeper, "unlawful.gone") == (0, 0));
    eventually(|round| is_gone(&mut keeper, round + 1, "unlawful.own"));
    bystander.stays_unmoved();
}

/// Asks again until it is so, for as long as a broker may take.
#[track_caller]
fn eventually(mut is_so: impl FnMut(u16) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    let so = (1..2000).any(|round| is_so(round) || Instant::now() > deadline);
    assert!(so && Instant::now() <= deadline, "still not so");
}

/// Messages and consumers of a queue.
#[track_caller]
fn counts(peer: &mut Peer, queue: &str) -> (u32, u32) {
    let declared = peer.channel(1).call(&queue_declare(queue).passive());
    let mut arguments = declared.arguments();
    assert_eq!(arguments.short_str(), queue);
    (arguments.long(), arguments.long())
}

/// Whether there is no such queue, rather than one that another connection has locked.
#[track_caller]
fn is_gone(peer: &mut Peer, channel: u16, queue: &str) -> bool {
    peer.open(channel).send(&queue_declare(queue).passive());
    match peer.outcome() {
        Outcome::Closed(close) => {
            peer.channel(channel).send(&channel_close_ok());
            close.code == 404
        }
        other => panic!("{other}"),
    }
}

/// Xorshift: the same octets in each run.
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}
