//! Which room may import which, and what no room may do: kept true by reading the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Each room with the rooms that it may import. `node` builds everything, so it may import all;
/// `cli` is the binary's own, above the library.
const ROOMS: &[(&str, &[&str])] = &[
    ("amqp", &[]),
    ("policy", &["amqp"]),
    ("config", &["amqp", "policy"]),
    ("codec", &["amqp"]),
    ("channel", &["amqp"]),
    ("auth", &["amqp"]),
    ("exchange", &["amqp"]),
    ("queue", &["amqp"]),
    ("store", &["amqp"]),
    ("connection", &["amqp", "codec", "channel"]),
    ("topology", &["amqp", "auth", "exchange", "policy"]),
    ("vhost", &["amqp", "codec", "exchange", "policy", "queue", "store", "topology"]),
    (
        "broker",
        &["amqp", "config", "auth", "vhost", "topology", "exchange", "policy", "queue", "store"],
    ),
    (
        "server",
        &[
            "amqp",
            "config",
            "codec",
            "channel",
            "auth",
            "exchange",
            "queue",
            "connection",
            "topology",
            "vhost",
            "broker",
        ],
    ),
    ("ctl", &["amqp", "config", "broker"]),
    ("perf", &["amqp", "codec"]),
    (
        "node",
        &[
            "amqp",
            "config",
            "codec",
            "channel",
            "auth",
            "exchange",
            "policy",
            "queue",
            "store",
            "connection",
            "topology",
            "vhost",
            "broker",
            "server",
            "ctl",
        ],
    ),
    ("cli", &["config", "ctl", "node", "perf"]),
];

/// Rooms that do no I/O, start nothing and read no clock.
const PURE: &[&str] = &[
    "amqp",
    "config",
    "codec",
    "channel",
    "connection",
    "auth",
    "exchange",
    "policy",
    "queue",
    "topology",
];

/// What a pure room may not name.
const IMPURE: &[&str] =
    &["tokio", "std::fs", "std::net", "std::thread", "std::env", "Instant::now", "SystemTime"];

#[test]
fn rooms_import_only_what_lies_below_them() {
    let wrong: Vec<_> = sources().iter().flat_map(imports_faults).collect();

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_name_nothing_impure() {
    let wrong: Vec<_> = sources().iter().flat_map(impure_faults).collect();

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<_> = sources()
        .iter()
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| format!("{}:1: no //! line", source.path))
        .collect();

    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn the_root_gives_out_nothing_but_the_broker() {
    let sources = sources();
    let root = sources.iter().find(|source| source.path == "src/lib.rs").unwrap();

    let given: Vec<_> = root.lines().filter(|(_, line)| line.contains("pub use")).collect();

    assert!(
        given.iter().all(|(_, line)| line.trim() == "pub use node::running::Broker;"),
        "{given:?}"
    );
}

#[test]
fn every_room_stands_in_the_table() {
    let unknown: Vec<_> = sources()
        .into_iter()
        .filter(|source| !source.room.is_empty() && allowed(&source.room).is_none())
        .map(|source| source.path)
        .collect();

    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The test's own eyes: a fault that it overlooked would make it worthless.
#[test]
fn faults_are_seen() {
    let source = |text: &str| Source {
        path: "src/exchange/x.rs".to_owned(),
        room: "exchange".to_owned(),
        text: text.to_owned(),
    };

    let imports = imports_faults(&source("//! x\nuse crate::vhost::y;\nuse crate::amqp::z;"));
    let grouped = imports_faults(&source("use crate::{amqp::name, store::memory};"));
    let climbing = imports_faults(&source("use super::super::queue::Queue;"));
    let impure = impure_faults(&source("let x = std::time::Instant::now(); // tokio"));

    assert_eq!(imports, ["src/exchange/x.rs:2: exchange may not import crate::vhost"]);
    assert_eq!(
        grouped,
        ["src/exchange/x.rs:1: exchange may not import crate::{..}: one path a line"]
    );
    assert_eq!(climbing, ["src/exchange/x.rs:1: exchange may not climb to another room"]);
    assert_eq!(impure, ["src/exchange/x.rs:1: exchange is pure and may not name Instant::now"]);
}

struct Source {
    path: String,
    /// The folder under `src`; empty for `main.rs` and `lib.rs`.
    room: String,
    text: String,
}

impl Source {
    /// Whether it is compiled for tests alone: those may take a clock's reading to start from.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("tests.rs")
    }

    /// Lines with their numbers, without comments.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let code = |line: &'_ str| line.find("//").unwrap_or(line.len());
        self.text.lines().enumerate().map(move |(at, line)| (at + 1, &line[..code(line)]))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let (inner, files): (Vec<PathBuf>, Vec<_>) = entries.partition(|path| path.is_dir());
        folders.extend(inner);
        for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
            let path = file.strip_prefix(root).unwrap();
            let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            let inside = if parts.len() > 2 { parts[1].to_string() } else { String::new() };
            let text = fs::read_to_string(file).unwrap();
            sources.push(Source { path: path.display().to_string(), room: inside, text });
        }
    }
    assert!(sources.len() >= ROOMS.len(), "the sources are where they were");
    sources
}

fn allowed(room: &str) -> Option<&'static [&'static str]> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, below)| *below)
}

fn imports_faults(source: &Source) -> Vec<String> {
    let Some(below) = allowed(&source.room) else { return Vec::new() };
    if source.is_test() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for (number, line) in source.lines() {
        let fault =
            |what: &str| format!("{}:{number}: {} may not {what}", source.path, source.room);
        let paths = ["crate::", "leveret::"]
            .iter()
            .flat_map(|root| line.match_indices(root))
            .map(|(at, root)| &line[at + root.len()..]);
        for path in paths {
            if path.starts_with('{') {
                faults.push(fault("import crate::{..}: one path a line"));
                continue;
            }
            let room: String =
                path.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
            if room != source.room && !below.contains(&room.as_str()) {
                faults.push(fault(&format!("import crate::{room}")));
            }
        }
        if climbs(source, line) {
            faults.push(fault("climb to another room"));
        }
    }
    faults
}

/// Whether the line reaches a room by `super`, past its own. In a `mod.rs` one step is too far,
/// except within an inline module.
fn climbs(source: &Source, line: &str) -> bool {
    let depth = source.path.matches('/').count() - 1;
    let chain = "super::".repeat(depth + 1);
    let names_room = |path: &str| {
        let name = path.split("::").next().unwrap_or_default();
        ROOMS.iter().any(|(room, _)| *room == name)
    };
    let past = line.split_once(&chain).is_some_and(|(_, path)| names_room(path));
    past || source.path.ends_with("mod.rs") && line.starts_with("use super::")
}

fn impure_faults(source: &Source) -> Vec<String> {
    if source.is_test() || !PURE.contains(&source.room.as_str()) {
        return Vec::new();
    }
    let named = |line: &str| IMPURE.iter().find(|name| line.contains(**name));
    source
        .lines()
        .filter_map(|(number, line)| named(line).map(|name| (number, name)))
        .map(|(number, name)| {
            format!("{}:{number}: {} is pure and may not name {name}", source.path, source.room)
        })
        .collect()
}
