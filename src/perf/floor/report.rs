//! What the machine showed.

use std::fmt;

use serde::Serialize;

use super::disk::Synced;
use super::hops::{Hops, OneWay};
use super::memory::Copied;

/// What the machine showed; what was not measured is absent.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Octets of each message's body.
    pub size: usize,
    /// Messages a second where latency was measured.
    pub rate: u32,
    /// The relay in the broker's place.
    pub relay: Option<Hops>,
    /// The disk, by size of the blocks.
    pub disk: Option<Vec<Synced>>,
    /// Memory, by size of the blocks.
    pub memory: Option<Vec<Copied>>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(relay) = &self.relay {
            writeln!(f, "relay, {} octets, {} with frames", self.size, relay.octets_each)?;
            let OneWay { messages_per_second, octets_per_second, .. } = relay.flood;
            let mega = octets_per_second / 1e6;
            writeln!(f, "  flood       {messages_per_second:.0}/s, {mega:.0} MB/s")?;
            writeln!(f, "  relay CPU   {:.3} us a message", relay.flood.cpu_micros_each)?;
            if let Some(latency) = &relay.paced.latency {
                writeln!(f, "  {:<11} {latency}", format!("{}/s", self.rate))?;
            }
            writeln!(f, "  relay CPU   {:.3} us a message", relay.paced.cpu_micros_each)?;
            if let Some(latency) = &relay.round_trips.latency {
                writeln!(f, "  round trip  {latency}")?;
            }
            writeln!(f, "  relay CPU   {:.3} us a round trip", relay.round_trips.cpu_micros_each)?;
        }
        if let Some(disk) = &self.disk {
            writeln!(f, "disk, each block with fdatasync")?;
            for Synced { octets_each, syncs_per_second, latency, .. } in disk {
                write!(f, "  {:<11} {syncs_per_second:.0}/s", octets(*octets_each))?;
                latency.iter().try_for_each(|latency| write!(f, ", {latency}"))?;
                writeln!(f)?;
            }
        }
        if let Some(memory) = &self.memory {
            writeln!(f, "memory, copied")?;
            for Copied { octets_each, octets_per_second } in memory {
                let giga = octets_per_second / 1e9;
                writeln!(f, "  {:<11} {giga:.2} GB/s", octets(*octets_each))?;
            }
        }
        Ok(())
    }
}

fn octets(count: usize) -> String {
    match (count >> 20 << 20 == count, count >> 10 << 10 == count) {
        (true, _) => format!("{} MiB", count >> 20),
        (_, true) => format!("{} KiB", count >> 10),
        _ => format!("{count} octets"),
    }
}
