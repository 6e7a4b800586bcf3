//! Every error that a broker answers with: what it closes, code, text, class and method.
//!
//! The rows come from RabbitMQ 4's behaviour as far as it can be relied on; a row says where
//! RabbitMQ 3.10 answers otherwise. [`waiting`] lists the rows whose feature does not exist yet:
//! each of them is tried too, and has to move to its table when it starts to hold.

mod arguments;
mod basic;
mod exchange;
mod exchange_type;
mod frame;
mod handshake;
mod length;
mod queue;
mod queue_type;
mod reply;
mod row;
mod state;
mod waiting;

use std::thread;

use self::row::{Row, Runner};
use crate::broker::TestBroker;
use crate::raw::peer::{PROTOCOL_HEADER, Peer};

/// Plays all rows, and fails with the list of those that did not hold.
#[track_caller]
fn all_hold(rows: &[Row]) {
    let broker = TestBroker::start();
    let mut runner = Runner::new(&broker);

    let wrong: Vec<_> = rows.iter().filter_map(|row| runner.fault(row)).collect();

    report(&wrong, rows.len());
}

#[track_caller]
fn report(wrong: &[String], rows: usize) {
    assert!(wrong.is_empty(), "{} of {rows} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn handshake_errors_are_answered_as_the_table_says() {
    let broker = TestBroker::start();
    let rows = handshake::rows();

    let wrong: Vec<_> = thread::scope(|scope| {
        let tried: Vec<_> =
            rows.iter().map(|row| scope.spawn(|| Runner::new(&broker).fault(row))).collect();
        tried.into_iter().filter_map(|fault| fault.join().unwrap()).collect()
    });

    report(&wrong, rows.len());
}

#[test]
fn a_wrong_protocol_header_is_answered_with_the_right_one() {
    let broker = TestBroker::start();

    for (header, rabbitmq_3_10) in handshake::WRONG_HEADERS {
        if broker.is_rabbitmq_3_10 && *rabbitmq_3_10 == handshake::Answer::Start {
            continue;
        }
        let mut peer = Peer::dial(broker.address);
        peer.octets(&header[..]);

        let answer = peer.read_octets(8);

        assert_eq!(answer, PROTOCOL_HEADER, "to {header:?}");
        peer.expect_eof();
    }
}

#[test]
fn frame_errors_are_answered_as_the_table_says() {
    all_hold(&frame::rows());
}

#[test]
fn methods_out_of_state_are_answered_as_the_table_says() {
    all_hold(&state::rows());
}

#[test]
fn exchange_errors_are_answered_as_the_table_says() {
    all_hold(&exchange::rows());
}

#[test]
fn errors_of_further_exchange_types_are_answered_as_the_table_says() {
    all_hold(&exchange_type::rows());
}

#[test]
fn queue_errors_are_answered_as_the_table_says() {
    all_hold(&queue::rows());
}

#[test]
fn errors_of_queues_with_limits_are_answered_as_the_table_says() {
    all_hold(&length::rows());
}

#[test]
fn errors_of_quorum_queues_are_answered_as_the_table_says() {
    all_hold(&queue_type::quorum());
}

#[test]
fn basic_errors_are_answered_as_the_table_says() {
    all_hold(&basic::rows());
}

#[test]
fn direct_reply_errors_are_answered_as_the_table_says() {
    all_hold(&reply::rows());
}

#[test]
fn argument_errors_are_answered_as_the_table_says() {
    all_hold(&arguments::rows());
}

/// RabbitMQ 3.10 has most of these features, so there the rows are held against it instead.
#[test]
fn rows_that_wait_for_a_feature_do_not_hold_yet() {
    let broker = TestBroker::start();
    let mut runner = Runner::new(&broker);

    let mut wrong = Vec::new();
    for (feature, rows) in waiting::rows() {
        for row in rows {
            let fault = runner.fault(&row);
            match (fault, broker.is_rabbitmq_3_10) {
                (Some(fault), true) => wrong.push(fault),
                (None, false) => {
                    wrong.push(format!("{}: holds, so it waits no more for {feature}", row.case));
                }
                _ => {}
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
