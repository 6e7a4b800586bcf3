//! The table of all settings: section, key, and how a value gets into a [`Config`].

use std::path::PathBuf;

use super::Config;
use super::error::Unfit;
use super::policies::table_name;
use super::secret::Secret;
use super::value::Value;
use crate::policy::checked::Issuer;

/// The SASL mechanisms that can be offered.
pub const MECHANISMS: [&str; 2] = ["PLAIN", "AMQPLAIN"];

/// The largest message size that can be set: RabbitMQ's ceiling, 512 MiB.
pub const MESSAGE_SIZE_MAX: u64 = 512 << 20;

/// The largest frame size that can be set: a frame is buffered whole.
const FRAME_SIZE_MAX: i64 = 128 << 20;

type Set = fn(&mut Config, &Value<'_>) -> Result<(), Unfit>;

/// One setting.
pub struct Setting {
    /// The section of the file, which opens the variable's name too.
    pub section: &'static str,
    /// The key within the section.
    pub key: &'static str,
    /// Other variables that set it, RabbitMQ's among them.
    pub aliases: &'static [&'static str],
    /// Puts a value in.
    pub set: Set,
}

impl Setting {
    const fn new(section: &'static str, key: &'static str, set: Set) -> Self {
        Self { section, key, aliases: &[], set }
    }

    const fn or(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// The name with its section, `amqp.heartbeat`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// The name of its environment variable, `LEVERET_AMQP_HEARTBEAT`.
    pub fn variable(&self) -> String {
        format!("LEVERET_{}_{}", self.section, self.key).to_ascii_uppercase()
    }
}

/// Every setting, in the order of the sample file.
pub static SETTINGS: &[Setting] = &[
    Setting::new("node", "name", |config, value| {
        config.node.name = Some(value.text()?);
        Ok(())
    })
    .or(&["RABBITMQ_NODENAME"]),
    Setting::new("node", "cluster_name", |config, value| {
        config.node.cluster_name = Some(value.text()?);
        Ok(())
    }),
    Setting::new("node", "data_dir", |config, value| {
        config.node.data_dir = PathBuf::from(value.text()?);
        Ok(())
    })
    .or(&["LEVERET_DATA_DIR"]),
    Setting::new("amqp", "listen", |config, value| {
        config.amqp.listen = value.addresses()?;
        Ok(())
    }),
    Setting::new("amqp", "heartbeat", |config, value| {
        config.amqp.heartbeat = value.integer(0..=65_535)?;
        Ok(())
    }),
    Setting::new("amqp", "frame_max", |config, value| {
        config.amqp.frame_max = value.integer(4_096..=FRAME_SIZE_MAX)?;
        Ok(())
    }),
    Setting::new("amqp", "channel_max", |config, value| {
        config.amqp.channel_max = value.integer(1..=65_535)?;
        Ok(())
    }),
    Setting::new("amqp", "handshake_timeout", |config, value| {
        config.amqp.handshake_timeout = value.duration()?;
        Ok(())
    }),
    Setting::new("amqp", "consumer_timeout", |config, value| {
        config.amqp.consumer_timeout = value.duration_or_off()?;
        Ok(())
    }),
    Setting::new("amqp", "announce_product", |config, value| {
        config.amqp.announce_product = value.text()?;
        Ok(())
    }),
    Setting::new("amqp", "announce_version", |config, value| {
        config.amqp.announce_version = value.text()?;
        Ok(())
    }),
    Setting::new("auth", "loopback_users", |config, value| {
        config.auth.loopback_users = value.texts()?;
        Ok(())
    }),
    Setting::new("auth", "mechanisms", |config, value| {
        config.auth.mechanisms = value.some_of(&MECHANISMS)?;
        Ok(())
    }),
    Setting::new("bootstrap", "user", |config, value| {
        config.bootstrap.user = value.text()?;
        Ok(())
    })
    .or(&["RABBITMQ_DEFAULT_USER"]),
    Setting::new("bootstrap", "password", |config, value| {
        let kept_secret = |unfit: Unfit| Unfit { found: "something else".to_owned(), ..unfit };
        config.bootstrap.password = Secret::new(value.text().map_err(kept_secret)?);
        Ok(())
    })
    .or(&["RABBITMQ_DEFAULT_PASS"]),
    Setting::new("bootstrap", "vhost", |config, value| {
        config.bootstrap.vhost = value.text()?;
        Ok(())
    })
    .or(&["RABBITMQ_DEFAULT_VHOST"]),
    Setting::new("limits", "message_size", |config, value| {
        config.limits.message_size = value.size(MESSAGE_SIZE_MAX)?;
        Ok(())
    }),
    Setting::new("limits", "connections", |config, value| {
        config.limits.connections = value.limit()?;
        Ok(())
    }),
    Setting::new("memory", "high_watermark", |config, value| {
        config.memory.high_watermark = value.watermark()?;
        Ok(())
    }),
    Setting::new("memory", "page_out", |config, value| {
        config.memory.page_out = value.watermark()?;
        Ok(())
    }),
    Setting::new("memory", "total_override", |config, value| {
        config.memory.total_override = Some(value.size(u64::MAX)?);
        Ok(())
    }),
    Setting::new("store", "confirm", |config, value| {
        config.store.confirm = value.confirm()?;
        Ok(())
    }),
    Setting::new("store", "memory", |config, value| {
        config.store.memory = value.size(u64::MAX)?;
        Ok(())
    }),
    Setting::new("disk", "free_limit", |config, value| {
        config.disk.free_limit = value.size(u64::MAX)?;
        Ok(())
    }),
    Setting::new("log", "level", |config, value| {
        config.log.level = value.log_level()?;
        Ok(())
    }),
    Setting::new("log", "exchange", |config, value| {
        config.log.exchange = value.boolean()?;
        Ok(())
    }),
    Setting::new("events", "exchange", |config, value| {
        config.events.exchange = value.boolean()?;
        Ok(())
    }),
    Setting::new("ctl", "socket", |config, value| {
        config.ctl.socket = Some(PathBuf::from(value.text()?));
        Ok(())
    }),
];

/// The names of all sections, each once; those of policies hold tables.
pub fn sections() -> Vec<&'static str> {
    let mut sections: Vec<_> = SETTINGS.iter().map(|setting| setting.section).collect();
    sections.dedup();
    sections.extend([Issuer::User, Issuer::Operator].map(table_name));
    sections
}

/// The keys of a section.
pub fn keys(section: &str) -> Vec<&'static str> {
    let of_section = SETTINGS.iter().filter(|setting| setting.section == section);
    of_section.map(|setting| setting.key).collect()
}
