//! Node names, `rabbit@host`, which tools parse.

use std::fs;

/// The name of a node that was given none: `rabbit@` and this host's name up to its first dot.
pub fn default_node_name() -> String {
    format!("rabbit@{}", host())
}

/// Whether `asked` means the node called `name`. As with RabbitMQ's tools, the host may be left
/// out or be given with its domain; `localhost` is this host.
pub fn means(asked: &str, name: &str) -> bool {
    let (asked, asked_host) = asked.split_once('@').unwrap_or((asked, "localhost"));
    let (name, host) = name.split_once('@').unwrap_or((name, ""));
    let short = |host: &str| host.split('.').next().unwrap_or_default().to_ascii_lowercase();
    asked == name && (asked_host == "localhost" || short(asked_host) == short(host))
}

fn host() -> String {
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let named = files.iter().find_map(|file| fs::read_to_string(file).ok());
    let named = named.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
    let short = named.trim().split('.').next().unwrap_or_default();
    if short.is_empty() { "localhost".to_owned() } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_may_be_asked_for_without_its_host_or_with_a_domain() {
        for asked in ["rabbit@web", "rabbit", "rabbit@localhost", "rabbit@WEB.example.org"] {
            assert!(means(asked, "rabbit@web"), "{asked}");
        }
        for asked in ["hare@web", "rabbit@db", "hare", ""] {
            assert!(!means(asked, "rabbit@web"), "{asked}");
        }
    }

    #[test]
    fn a_default_name_has_a_host() {
        let name = default_node_name();

        assert!(name.starts_with("rabbit@") && name.len() > "rabbit@".len(), "{name}");
    }
}
