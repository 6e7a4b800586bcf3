//! From exchange and routing key to destinations.

mod setup;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use leveret::exchange::kind::ExchangeKind;
use setup::bindings::{self, MISS, check, route};

/// With a key that one binding matches, and with a key that none does.
fn by_key(criterion: &mut Criterion) {
    for kind in [ExchangeKind::Direct, ExchangeKind::Topic] {
        for count in [10, 100, 1_000, 10_000, 100_000] {
            let router = bindings::router(kind, count);
            let hit = bindings::routing_key(count / 2);
            for (case, key, found) in [("hit", hit.as_str(), 1), ("miss", MISS, 0)] {
                assert_eq!(route(&router, key, &[]), found);
                let mut group =
                    criterion.benchmark_group(format!("routing/{} {case}", kind.name()));
                group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
                    bencher.iter(|| route(&router, black_box(key), &[]));
                });
            }
        }
    }
}

fn fanout(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("routing/fanout");
    for count in [1, 10, 100] {
        let router = bindings::router(ExchangeKind::Fanout, count);
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| route(&router, black_box("any"), &[]));
        });
    }
}

fn headers(criterion: &mut Criterion) {
    for count in [10, 100, 1_000] {
        let router = bindings::router(ExchangeKind::Headers, count);
        for (case, number, found) in [("hit", count / 2, 1), ("miss", count, 0)] {
            let headers = bindings::header(number);
            assert_eq!(route(&router, "", &headers), found);
            let mut group = criterion.benchmark_group(format!("routing/headers {case}"));
            group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
                bencher.iter(|| route(&router, "", black_box(&headers)));
            });
        }
    }
}

/// Exchanges that choose one of their bindings; the worst chance walks to the last.
fn one_of(criterion: &mut Criterion) {
    for kind in [ExchangeKind::ConsistentHash, ExchangeKind::Random, ExchangeKind::ModulusHash] {
        let mut group = criterion.benchmark_group(format!("routing/{}", kind.name()));
        for count in [10, 100, 1_000] {
            let router = bindings::router(kind, count);
            assert_eq!(route(&router, "any", &[]), 1);
            group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
                bencher.iter(|| route(&router, black_box("any"), &[]));
            });
        }
    }
}

/// A value that is new to a full window, and one that was seen.
fn deduplication(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("routing/x-message-deduplication");
    for size in [1_000, 1_000_000] {
        let full = bindings::deduplication(size);
        let mut numbers = u64::from(size)..;
        group.bench_function(BenchmarkId::new("new", size), |bencher| {
            bencher.iter(|| numbers.next().map(|number| check(&full, number)));
        });
        let seen = numbers.next().unwrap_or_default();
        assert!(check(&full, seen));
        group.bench_function(BenchmarkId::new("seen", size), |bencher| {
            bencher.iter(|| check(&full, black_box(seen)));
        });
    }
}

criterion_group! { name = routing; config = setup::criterion(); targets = by_key, fanout, headers, one_of, deduplication }
criterion_main!(routing);
