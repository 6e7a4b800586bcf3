//! Contents of messages taken in, read and released, a batch at a time.

mod setup;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use setup::BATCH;
use setup::contents::Contents;

fn store(criterion: &mut Criterion) {
    for size in [16, 1024] {
        let mut group = criterion.benchmark_group(format!("store/{size} octets"));
        group.throughput(Throughput::Elements(BATCH as u64));
        let mut contents = Contents::new(size);
        group.bench_function("insert, read, release", |bencher| bencher.iter(|| contents.pass()));
        contents.insert();
        group.bench_function("read", |bencher| bencher.iter(|| contents.read()));
        contents.release();
    }
}

criterion_group! { name = benches; config = setup::criterion(); targets = store }
criterion_main!(benches);
