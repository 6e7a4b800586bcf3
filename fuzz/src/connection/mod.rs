//! A whole connection's core. Its owner does what `server/peer.rs` does, with a clock that moves
//! when the script says so; all that the core writes is read.

mod observer;
mod owner;
mod script;
mod serve;

use std::sync::Arc;
use std::time::Duration;

use leveret::amqp::method::MethodId;
use leveret::connection::settings::Settings;

use self::owner::Owner;
use self::script::{Script, Step};

const PROTOCOL_HEADER: &[u8] = b"AMQP\0\0\x09\x01";

/// An empty table of client properties, then mechanism, response and locale.
const START_OK: &[u8] = b"\0\0\0\0\x05PLAIN\0\0\0\x0c\0guest\0guest\x05en_US";

/// The same from a client that has capabilities.
const START_OK_CAPABLE: &[u8] = b"\0\0\0\x46\x0ccapabilitiesF\0\0\0\x34\x12connection.blockedt\
    \x01\x1cauthentication_failure_closet\x01\x05PLAIN\0\0\0\x0c\0guest\0guest\x05en_US";

/// `/` with the two reserved arguments.
const OPEN: &[u8] = b"\x01/\0\0";

/// Carries the script out. Its first octet says how much of the handshake is done, and on what
/// was agreed.
pub fn run(octets: &[u8]) {
    let mut script = Script::new(octets);
    let Some(choice) = script.octet() else { return };
    let settings = Settings {
        channel_max: 3,
        heartbeat: 10,
        max_message_size: 1_000,
        handshake_timeout: Duration::from_secs(10),
        ..Settings::default()
    };
    let mut owner = Owner::new(Arc::new(settings));
    if choice & 1 != 0 {
        owner.receive(PROTOCOL_HEADER);
    }
    if choice & 2 != 0 {
        let capable = choice & 4 != 0;
        let start_ok = if capable { START_OK_CAPABLE } else { START_OK };
        owner.receive(&method(0, MethodId::CONNECTION_START_OK, start_ok));
        let heartbeat = if choice & 8 != 0 { 10 } else { 0 };
        let frame_max = if choice & 16 != 0 { 4_096_u32 } else { 131_072 };
        let mut tune_ok = vec![0, 3];
        tune_ok.extend(frame_max.to_be_bytes());
        tune_ok.extend([0, heartbeat]);
        owner.receive(&method(0, MethodId::CONNECTION_TUNE_OK, &tune_ok));
        owner.receive(&method(0, MethodId::CONNECTION_OPEN, OPEN));
        owner.receive(&method(1, MethodId::CHANNEL_OPEN, &[0]));
    }
    for step in script {
        if owner.has_ended() {
            break;
        }
        take(&mut owner, &step);
    }
    owner.wait_for_end();
}

fn take(owner: &mut Owner, step: &Step<'_>) {
    match *step {
        Step::Octets(octets) => owner.receive(octets),
        Step::Frame { kind, channel, payload } => owner.receive(&frame(kind, channel, payload)),
        Step::Method { channel, id, arguments } => owner.receive(&method(channel, id, arguments)),
        Step::Header { channel, body_size, properties } => {
            let fixed = [&[0, 60, 0, 0][..], &body_size.to_be_bytes(), properties];
            owner.receive(&frame(2, channel, &fixed.concat()));
        }
        Step::Wait(time) => owner.wait(time),
        Step::Sent => owner.sent(),
        Step::Alarm { raised } => owner.set_alarm(raised),
        Step::EndCommit { channel } => owner.end_commit(channel),
        Step::Cancel { channel } => owner.cancel(channel),
        Step::Stop => owner.stop(),
    }
}

fn method(channel: u16, id: MethodId, arguments: &[u8]) -> Vec<u8> {
    let payload = [&id.class.to_be_bytes()[..], &id.method.to_be_bytes(), arguments].concat();
    frame(1, channel, &payload)
}

fn frame(kind: u8, channel: u16, payload: &[u8]) -> Vec<u8> {
    let size = u32::try_from(payload.len()).expect("an input is short");
    [&[kind][..], &channel.to_be_bytes(), &size.to_be_bytes(), payload, &[0xce]].concat()
}
