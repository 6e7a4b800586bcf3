//! Octets to frames, methods, headers and whole messages.

mod setup;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use leveret::amqp::table::TableRef;
use leveret::codec::frame::{Parsed, parse_frame};
use leveret::codec::header::parse_header;
use leveret::codec::method::decode_method;
use setup::BATCH;
use setup::client::{self, FRAME_MAX, Reader};

/// One frame of the kind that each message has.
fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec/part");
    let octets = client::publishes(1, 16);
    group.bench_function("frame", |bencher| {
        bencher.iter(|| parse_frame(black_box(&octets), FRAME_MAX));
    });
    let Ok(Parsed::Frame(publish, _)) = parse_frame(&octets, FRAME_MAX) else { return };
    group.bench_function("method basic.publish", |bencher| {
        bencher.iter(|| decode_method(black_box(publish.payload)));
    });
    for (name, header) in
        [("header, bare", client::header(16)), ("header, full", client::header_with_properties())]
    {
        group.bench_function(name, |bencher| bencher.iter(|| parse_header(black_box(&header))));
    }
    for fields in [1, 10, 100] {
        let table = client::table(fields);
        group.bench_function(BenchmarkId::new("table of fields", fields), |bencher| {
            bencher.iter(|| TableRef::parse(black_box(&table)));
        });
    }
}

/// Publishes as a connection's core takes them, from frames to messages as they rest.
fn publishes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec/publish");
    group.throughput(Throughput::Elements(BATCH as u64));
    for size in [16, 1024] {
        let octets = client::publishes(BATCH, size);
        let mut reader = Reader::open();
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| reader.read(black_box(&octets)));
        });
        group.bench_function(BenchmarkId::new("frame by frame", size), |bencher| {
            bencher.iter(|| reader.read_frames(black_box(&octets)));
        });
    }
}

criterion_group! { name = codec; config = setup::criterion(); targets = parts, publishes }
criterion_main!(codec);
