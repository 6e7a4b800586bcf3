//! What is encoded for every message on its way out.

mod setup;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use setup::BATCH;
use setup::output::Output;

fn deliver(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("output/deliver");
    // As many as the buffer holds without growing.
    for (size, count) in [(16, BATCH), (1024, BATCH), (64 << 10, 10)] {
        let mut output = Output::new(size);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| output.deliver(count));
        });
    }
}

fn confirm(criterion: &mut Criterion) {
    let mut output = Output::new(0);
    let mut group = criterion.benchmark_group("output/confirm");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("ack", |bencher| bencher.iter(|| output.confirm(BATCH)));
}

criterion_group! { name = output; config = setup::criterion(); targets = deliver, confirm }
criterion_main!(output);
