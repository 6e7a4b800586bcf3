//! Where the broker is and who asks, from one URI (RabbitMQ URI specification).

use std::net::SocketAddr;
use std::str::FromStr;

/// `amqp://user:password@host:port/vhost`; what is left out is `guest`, `guest`, 5672 and `/`. With
/// `amqps://` the connection has TLS, and the port is 5671.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    pub(super) scheme: Scheme,
    pub(super) user: String,
    pub(super) password: String,
    /// Host and port.
    pub(super) address: String,
    pub(super) vhost: String,
}

/// What carries the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// A bare socket.
    Amqp,
    /// A socket with TLS.
    Amqps,
}

impl Uri {
    /// A broker on this machine, with the usual names.
    pub(super) fn local(address: SocketAddr) -> Self {
        let guest = || "guest".to_owned();
        let (address, vhost) = (address.to_string(), "/".to_owned());
        Self { scheme: Scheme::Amqp, user: guest(), password: guest(), address, vhost }
    }

    /// The host alone, without the brackets of an IPv6 address.
    pub(super) fn host(&self) -> &str {
        let host = self.address.rsplit_once(':').map_or("", |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl FromStr for Uri {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let (scheme, port) = match scheme {
            "amqp" => (Scheme::Amqp, 5672),
            "amqps" => (Scheme::Amqps, 5671),
            _ => return Err("expected amqp://host or amqps://host".to_owned()),
        };
        let (authority, vhost) = match rest.split_once('/') {
            Some((authority, vhost)) => (authority, decode(vhost)?),
            None => (rest, "/".to_owned()),
        };
        let (who, host) = authority.rsplit_once('@').unwrap_or(("guest:guest", authority));
        let (user, password) = who.split_once(':').unwrap_or((who, ""));
        if host.is_empty() {
            return Err("expected a host".to_owned());
        }
        let has_port = host.rsplit_once(':').is_some_and(|(name, _)| !name.ends_with(':'))
            && !host.ends_with(']');
        let address = if has_port { host.to_owned() } else { format!("{host}:{port}") };
        Ok(Self { scheme, user: decode(user)?, password: decode(password)?, address, vhost })
    }
}

/// Undoes percent encoding.
fn decode(text: &str) -> Result<String, String> {
    let mut parts = text.split('%');
    let mut octets = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let unfit = || format!("expected two hexadecimal digits behind % in {text:?}");
        let (digits, rest) = part.split_at_checked(2).ok_or_else(unfit)?;
        octets.push(u8::from_str_radix(digits, 16).map_err(|_| unfit())?);
        octets.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(octets).map_err(|_| format!("{text:?} is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_the_usual_value() {
        let uri: Uri = "amqp://localhost".parse().unwrap();

        let expected = ["guest", "guest", "localhost:5672", "/"].map(str::to_owned);
        assert_eq!([uri.user, uri.password, uri.address, uri.vhost], expected);
    }

    #[test]
    fn every_part_is_read_and_decoded() {
        let uri: Uri = "amqp://a%40b:c%3Ad@[::1]:5673/%2ftest".parse().unwrap();

        let expected = ["a@b", "c:d", "[::1]:5673", "/test"].map(str::to_owned);
        assert_eq!(uri.host(), "::1");
        assert_eq!([uri.user, uri.password, uri.address, uri.vhost], expected);
    }

    #[test]
    fn tls_has_a_port_of_its_own() {
        let uri: Uri = "amqps://localhost".parse().unwrap();

        assert_eq!((uri.scheme, uri.address.as_str()), (Scheme::Amqps, "localhost:5671"));
        assert_eq!(uri.host(), "localhost");
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for text in ["localhost", "http://localhost", "amqp://", "amqp://h/%2", "amqp://h/%zz"] {
            assert!(text.parse::<Uri>().is_err(), "{text}");
        }
    }
}
