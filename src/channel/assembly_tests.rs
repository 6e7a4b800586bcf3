//! Messages put together from frames, and frames that were not due.

use proptest::prelude::*;

use super::*;

fn fields(body_size: u64) -> HeaderFields {
    HeaderFields { class: 60, weight: 0, body_size }
}

fn started(max_message_size: u64) -> Assembly {
    let mut assembly = Assembly::new(max_message_size);
    assembly.start(b"logs", b"kern", PublishFlags::default()).unwrap();
    assembly
}

#[track_caller]
fn assert_refused(result: Result<impl fmt::Debug, AssemblyError>, code: u16, text: &str) {
    let exception = Exception::from(result.unwrap_err());
    assert_eq!((exception.code.code(), exception.reply_text().as_str()), (code, text));
}

#[test]
fn a_message_comes_in_its_resting_form() {
    let mut assembly = Assembly::new(100);

    let mandatory = PublishFlags { mandatory: true, immediate: false };
    assembly.start(b"logs", b"kern", mandatory).unwrap();
    assert_eq!(assembly.header(fields(5), b"header"), Ok(Progress::More));
    assert_eq!(assembly.body(b"he"), Ok(Progress::More));
    assert_eq!(assembly.body(b""), Ok(Progress::More));
    assert_eq!(assembly.published(), None);
    assert_eq!(assembly.body(b"llo"), Ok(Progress::Complete));

    let published = assembly.published().unwrap();
    assert_eq!(published.message.address, b"\x04logs\x04kern");
    assert!(published.mandatory);
    assert_eq!((published.message.header, published.message.body), (&b"header"[..], &b"hello"[..]));
    let (record, mandatory) = assembly.take().unwrap();
    assert!(mandatory);
    assert_eq!(&record[..], b"\0\0\0\0\0\x0a\0\0\0\x06\0\0\0\x05\x04logs\x04kernheaderhello");
}

#[test]
fn a_message_without_body_is_complete_with_its_header() {
    let mut assembly = started(100);

    assert_eq!(assembly.header(fields(0), b"header"), Ok(Progress::Complete));

    assert_refused(
        assembly.body(b""),
        505,
        "UNEXPECTED_FRAME - expected method frame, got non method frame instead",
    );
    assert!(assembly.published().is_some());
}

#[test]
fn small_messages_share_one_buffer() {
    let mut assembly = started(100);
    assembly.header(fields(4), b"header").unwrap();
    assembly.body(b"body").unwrap();
    let buffer = assembly.record.as_ptr();

    for _ in 0..100 {
        assembly.start(b"logs", b"kern", PublishFlags::default()).unwrap();
        assembly.header(fields(4), b"header").unwrap();
        assembly.body(b"body").unwrap();
    }

    assert_eq!(assembly.record.as_ptr(), buffer);
}

#[test]
fn a_taken_message_is_gone_with_its_buffer() {
    let mut assembly = started(100);
    assembly.header(fields(0), b"header").unwrap();

    let (record, _) = assembly.take().unwrap();

    assert_eq!(&record[..], b"\0\0\0\0\0\x0a\0\0\0\x06\0\0\0\0\x04logs\x04kernheader");
    assert_eq!(assembly.published(), None);
    assert!(assembly.take().is_none());
}

#[test]
fn an_announced_size_is_not_taken_at_its_word() {
    let mut assembly = started(BODY_SIZE_MAX);

    assembly.header(fields(BODY_SIZE_MAX), b"header").unwrap();

    assert!(assembly.record.capacity() <= 3 * RESERVE_MAX);
}

#[test]
fn a_large_message_ends_in_a_buffer_of_its_size() {
    let mut assembly = started(BODY_SIZE_MAX);
    let frame = vec![7; 100_000];
    assembly.header(fields(3_000_000), b"header").unwrap();

    for _ in 0..30 {
        assembly.body(&frame).unwrap();
    }

    let (record, _) = assembly.take().unwrap();
    assert!(record.capacity() <= record.len() + 64, "{} {}", record.capacity(), record.len());
}

#[test]
fn a_message_may_reserve_what_the_one_before_it_had() {
    for (size, reserved) in [(1_000, RESERVE_MAX), (1_000_000, 1_000_000), (9_000_000, 4 << 20)] {
        let mut assembly = started(BODY_SIZE_MAX);
        assembly.header(fields(size), b"header").unwrap();
        assembly.body(&vec![7; usize::try_from(size).unwrap()]).unwrap();
        assembly.take().unwrap();

        assembly.start(b"logs", b"kern", PublishFlags::default()).unwrap();
        assembly.header(fields(BODY_SIZE_MAX), b"header").unwrap();

        let found = assembly.record.capacity();
        assert!((reserved..reserved + 100).contains(&found), "{found} after {size}");
    }
}

#[test]
fn there_is_room_for_what_a_frame_and_the_message_lack() {
    let mut assembly = started(100);
    assert_eq!(assembly.room(10).remaining_mut(), 0);
    assembly.header(fields(9), b"header").unwrap();

    assert_eq!(assembly.room(4).remaining_mut(), 4);
    assembly.room(4).put_slice(b"body");

    assert_eq!(assembly.room(10).remaining_mut(), 5);
    assert_eq!(assembly.missing(), 5);
}

#[test]
fn room_grows_with_what_has_come() {
    let mut assembly = started(BODY_SIZE_MAX);
    assembly.header(fields(BODY_SIZE_MAX), b"header").unwrap();

    let mut come = 0;
    while come < 10_000_000 {
        let room = assembly.room(100_000).remaining_mut();
        assert!((1..=100_000).contains(&room));
        assembly.room(room).put_bytes(7, room);
        come += room;
        assert!(assembly.record.capacity() <= 8 * come + 3 * RESERVE_MAX);
    }
}

#[test]
fn a_message_is_complete_only_with_the_end_of_its_last_frame() {
    let mut assembly = started(100);
    assembly.header(fields(5), b"header").unwrap();

    assembly.room(5).put_slice(b"hello");

    assert_eq!(assembly.published(), None);
    assert_eq!(assembly.body(b""), Ok(Progress::Complete));
    assert_eq!(assembly.published().unwrap().message.body, b"hello");
}

#[test]
fn a_body_that_was_begun_in_its_room_cannot_exceed_what_was_announced() {
    let mut assembly = started(100);
    assembly.header(fields(5), b"header").unwrap();

    assembly.room(4).put_slice(b"hell");

    assert_refused(
        assembly.body(b"oh"),
        501,
        "FRAME_ERROR - content body frame exceeds remaining content size",
    );
}

#[test]
fn a_message_that_is_too_large_has_no_room() {
    let mut assembly = started(4);
    assembly.header(fields(5), b"header").unwrap();

    assert_eq!(assembly.missing(), 0);
    assert_eq!(assembly.room(5).remaining_mut(), 0);
}

#[test]
fn frames_that_are_not_due_are_refused() {
    let not_method = "UNEXPECTED_FRAME - expected method frame, got non method frame instead";
    let not_header = "UNEXPECTED_FRAME - expected content header for class 60, got non content \
                      header frame instead";
    let not_body = "UNEXPECTED_FRAME - expected content body, got non content body frame instead";
    let mut idle = Assembly::new(100);
    let mut in_body = started(100);
    in_body.header(fields(4), b"header").unwrap();

    assert_refused(idle.header(fields(0), b""), 505, not_method);
    assert_refused(idle.body(b"x"), 505, not_method);
    assert_refused(started(100).expect_method(), 505, not_header);
    assert_refused(started(100).body(b"x"), 505, not_header);
    assert_refused(
        started(100).header(HeaderFields { weight: 1, ..fields(0) }, b""),
        505,
        not_header,
    );
    assert_refused(
        started(100).header(HeaderFields { class: 50, ..fields(0) }, b""),
        505,
        "UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead",
    );
    assert_refused(in_body.expect_method(), 505, not_body);
    assert_refused(in_body.header(fields(0), b""), 505, not_body);
    assert_refused(
        in_body.body(b"12345"),
        501,
        "FRAME_ERROR - content body frame exceeds remaining content size",
    );
}

#[test]
fn only_errors_about_content_name_the_publish() {
    let unasked = Exception::from(AssemblyError::NoContentDue);
    let wrong = Exception::from(AssemblyError::NotHeader);

    assert_eq!((unasked.method, wrong.method), (None, Some(MethodId::BASIC_PUBLISH)));
}

#[test]
fn no_body_is_longer_than_512_mebibytes() {
    assert_refused(
        started(u64::MAX).header(fields(536_870_913), b""),
        501,
        "FRAME_ERROR - content body size 536870913 exceeds maximum allowed size 536870912",
    );
}

#[test]
fn a_message_that_is_too_large_is_read_to_its_end_and_then_refused() {
    let mut assembly = started(4);
    assembly.header(fields(5), b"header").unwrap();

    assert_eq!(assembly.body(b"1234"), Ok(Progress::More));
    assert_refused(
        assembly.body(b"5"),
        406,
        "PRECONDITION_FAILED - message size 5 is larger than configured max size 4",
    );

    assert_eq!(assembly.published(), None);
    assert!(assembly.expect_method().is_ok());
}

#[test]
fn immediate_is_refused_once_the_message_is_whole() {
    let mut assembly = Assembly::new(100);
    let immediate = PublishFlags { mandatory: false, immediate: true };
    assembly.start(b"", b"q", immediate).unwrap();
    assembly.header(fields(1), b"header").unwrap();

    assert_refused(assembly.body(b"x"), 540, "NOT_IMPLEMENTED - immediate=true");
}

proptest! {
    #[test]
    fn a_body_is_the_same_however_it_was_split(
        body in prop::collection::vec(any::<u8>(), 1..2_000),
        pieces in prop::collection::vec((0..300_usize, any::<bool>()), 0..20),
    ) {
        let mut assembly = started(10_000);
        assembly.header(fields(body.len() as u64), b"header").unwrap();

        let mut rest = &body[..];
        for (piece, as_it_comes) in pieces {
            let (now, later) = rest.split_at(piece.min(rest.len().saturating_sub(1)));
            if as_it_comes {
                assembly.room(now.len()).put_slice(now);
            } else {
                prop_assert_eq!(assembly.body(now), Ok(Progress::More));
            }
            rest = later;
        }
        prop_assert_eq!(assembly.body(rest), Ok(Progress::Complete));

        prop_assert_eq!(assembly.published().unwrap().message.body, &body[..]);
    }
}
