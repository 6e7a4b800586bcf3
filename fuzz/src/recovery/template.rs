//! Directories as the store writes them.

use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use leveret::amqp::confirm::Confirm;
use leveret::amqp::fingerprint::Fingerprint;
use leveret::amqp::id::{MessageIndex, QueueId};
use leveret::amqp::message::MessageRef;
use leveret::amqp::sighting::Sighting;
use leveret::store::checkpoint::{Capture, Contents};
use leveret::store::disk::Disk;
use leveret::store::disk::simulated::SimulatedDisk;
use leveret::store::format::BLOCK;
use leveret::store::format::checkpoint::Checkpoint;
use leveret::store::format::record::Range;
use leveret::store::meta::{MetaChange, MetaLog as _};
use leveret::store::placement::{Octets, PlacedMessage, Placement};
use leveret::store::recovery::open::{Opened, open, recover};

use super::directory::{Directory, NAMES};

/// One of three directories: without a checkpoint since the start, with one, and started twice.
pub fn template(kind: u8) -> Directory {
    static TEMPLATES: OnceLock<[Directory; 3]> = OnceLock::new();
    let templates = TEMPLATES.get_or_init(|| {
        let disk = SimulatedDisk::new(1);
        let mut opened = start(&disk);
        enqueue(&mut opened, &[1, 2], 0..6);
        let change = MetaChange { key: b"key".to_vec(), value: Some(b"value".to_vec()) };
        let _ = opened.log.append(vec![change]);
        see(&opened, 1);
        write(&mut opened);
        opened.log.settle(QueueId(1), vec![Range { first: 1, count: 2 }]);
        write(&mut opened);
        enqueue(&mut opened, &[2], 6..9);
        let first = read(&disk);

        let left = recover(&disk).expect("it was just written").checkpoint;
        let Checkpoint { images, seen, next_queue, .. } = left;
        let contents = Contents { images, seen, next_queue };
        let captured = Capture::begin(&opened.log).end(&opened.log, contents);
        write(&mut opened);
        captured.publish(&opened.log).expect("there is room");
        opened.log.settle(QueueId(2), vec![Range { first: 4, count: 1 }]);
        see(&opened, 2);
        enqueue(&mut opened, &[1], 6..8);
        let second = read(&disk);

        opened = start(&disk);
        enqueue(&mut opened, &[3, 1], 8..10);
        opened.log.delete(QueueId(2));
        write(&mut opened);
        enqueue(&mut opened, &[1], 10..11);
        [first, second, read(&disk)]
    });
    templates[usize::from(kind / 4) % 3].clone()
}

/// Has the exchange of the one entry see a value.
fn see(opened: &Opened, value: u8) {
    let value = Fingerprint::of_octets(&[value]);
    opened.log.see(b"key".to_vec(), vec![Sighting { value, until: Sighting::FOR_EVER }]);
}

fn start(disk: &SimulatedDisk) -> Opened {
    open(&(Arc::new(disk.clone()) as Arc<dyn Disk>)).expect("it is empty, or the store's own")
}

fn enqueue(opened: &mut Opened, queues: &[u64], places: std::ops::Range<u64>) {
    let (mut octets, mut messages) = (BytesMut::new(), Vec::new());
    for place in places {
        messages.push(PlacedMessage {
            index: MessageIndex(place),
            segment: 0,
            offset: u32::try_from(octets.len()).expect("it is little"),
            bytes: 20,
            marked: false,
        });
        let body = [b'a' + u8::try_from(place).expect("it is little"); 20];
        MessageRef::new(b"\x01x\x01k", b"header", &body).write(&mut octets);
    }
    let octets = Octets::logged([Bytes::from(octets)].into_iter(), None);
    for queue in queues {
        let (queue, messages) = (QueueId(*queue), messages.clone());
        opened.log.enqueue(Placement::new(queue, messages, &octets, Confirm::Synced, None));
    }
    write(opened);
}

fn write(opened: &mut Opened) {
    let _ = opened.log.barrier();
    opened.writer.turn(false).expect("there is room");
}

/// The files, without the blocks of zeros at their ends.
fn read(disk: &SimulatedDisk) -> Directory {
    let mut directory = Directory::default();
    for (name, octets) in NAMES.iter().zip(&mut directory.0) {
        let Ok(file) = disk.open(name) else { continue };
        let size = usize::try_from(file.size().expect("it is there")).expect("it fits memory");
        let mut content = vec![0; size];
        file.read_at(&mut content, 0).expect("it is there");
        if size > BLOCK {
            let end = content.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
            content.truncate(end.next_multiple_of(BLOCK));
        }
        *octets = Some(content);
    }
    directory
}
