//! What a queue's core decides, a batch a call.

mod setup;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use leveret::amqp::ack_mode::AckMode;
use leveret::queue::command::Settlement;
use setup::BATCH;
use setup::traffic::Traffic;

fn automatic(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queue/enqueue, deliver; consumers");
    group.throughput(Throughput::Elements(BATCH as u64));
    for consumers in [1, 10, 100] {
        let mut traffic = Traffic::new(consumers, AckMode::Automatic);
        group.bench_function(BenchmarkId::from_parameter(consumers), |bencher| {
            bencher.iter(|| traffic.pass());
        });
    }
}

fn manual(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queue/manual");
    group.throughput(Throughput::Elements(BATCH as u64));
    let mut traffic = Traffic::new(1, AckMode::Manual);
    group.bench_function("enqueue, deliver, ack", |bencher| {
        bencher.iter(|| {
            traffic.pass();
            traffic.settle(Settlement::Ack);
        });
    });
    group.bench_function("enqueue, deliver, requeue, deliver, ack", |bencher| {
        bencher.iter(|| {
            traffic.pass();
            traffic.settle(Settlement::Requeue);
            traffic.settle(Settlement::Ack);
        });
    });
    let mut urgent = Traffic::with_levels(10, AckMode::Manual);
    group.bench_function("enqueue, deliver, ack; 10 priorities", |bencher| {
        bencher.iter(|| {
            urgent.pass();
            urgent.settle(Settlement::Ack);
        });
    });
    assert_eq!(traffic.unacked() + urgent.unacked(), 0);
}

criterion_group! { name = queue; config = setup::criterion(); targets = automatic, manual }
criterion_main!(queue);
