//! Addresses: what people write as a base URL, made into the URLs that are called.

use std::net::IpAddr;

use reqwest::Url;

/// Ollama's port when `OLLAMA_HOST` names none.
const OLLAMA_PORT: u16 = 11434;

/// Why a base URL cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("base URL {url:?} is not usable: {reason}")]
pub struct BadAddress {
    /// What was given, without a password.
    pub url: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A server's base URL, normalised: `http` or `https`, with a host, without a trailing slash.
#[derive(Debug, Clone)]
pub(crate) struct Address(Url);

impl Address {
    /// Reads what a person wrote: a scheme may be missing (`localhost:8080`), a trailing slash may follow.
    pub(crate) fn parse(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        let full = match text.split_once("://") {
            Some(_) => text.to_owned(),
            None if looks_local(text) => format!("http://{text}"),
            None => format!("https://{text}"),
        };
        let bad = |reason: String| BadAddress {
            url: text.rsplit('@').next().unwrap_or_default().to_owned(),
            reason,
        };
        let mut url = Url::parse(&full).map_err(|error| bad(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("only http and https are spoken".to_owned()));
        }
        if matches!(url.host_str(), Some("0.0.0.0" | "[::]")) {
            // Servers print the address they listen on; it is not one to connect to.
            url.set_host(Some("127.0.0.1"))
                .map_err(|error| bad(error.to_string()))?;
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The URL of `resource` (for example `messages`, or `models?limit=9`); `/v1` is put in unless the path
    /// names a version. The base URL's own query stays.
    pub(crate) fn at(&self, resource: &str) -> Url {
        let mut url = self.0.clone();
        let (resource, query) = resource.split_once('?').unwrap_or((resource, ""));
        if !query.is_empty() {
            let own = url.query().map(|own| format!("{own}&")).unwrap_or_default();
            url.set_query(Some(&format!("{own}{query}")));
        }
        let path = url.path().trim_end_matches('/');
        let version = if path.split('/').any(is_version) {
            ""
        } else {
            "/v1"
        };
        let path = format!("{path}{version}/{resource}");
        url.set_path(&path);
        url
    }

    pub(crate) fn is_loopback(&self) -> bool {
        let Some(host) = self.0.host_str() else {
            return false;
        };
        host == "localhost"
            || host.ends_with(".localhost")
            || host
                .trim_matches(['[', ']'])
                .parse::<IpAddr>()
                .is_ok_and(|ip| ip.is_loopback())
    }

    pub(crate) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The password in the URL, which must not reach a message.
    pub(crate) fn password(&self) -> Option<&str> {
        self.0.password()
    }

    /// Scheme, host and port, for messages to people.
    pub(crate) fn shown(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

/// Whether `base_url` points at this machine.
pub fn is_loopback(base_url: &str) -> bool {
    Address::parse(base_url).is_ok_and(|address| address.is_loopback())
}

/// The base URL meant by a value of `OLLAMA_HOST`: scheme and port may be missing, `0.0.0.0` means this machine.
///
/// # Errors
/// When the value is not an address.
pub fn ollama_address(host: &str) -> Result<String, BadAddress> {
    let host = host.trim();
    let full = match host {
        "" => "http://127.0.0.1".to_owned(),
        _ if host.contains("://") => host.to_owned(),
        _ if host.starts_with(':') => format!("http://127.0.0.1{host}"),
        _ => format!("http://{host}"),
    };
    let mut address = Address::parse(&full)?;
    let rest = full.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let names_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    if !names_port && address.is_plain() {
        // A URL that can hold a host can hold a port.
        let _ = address.0.set_port(Some(OLLAMA_PORT));
    }
    Ok(address.0.as_str().trim_end_matches('/').to_owned())
}

fn looks_local(text: &str) -> bool {
    let authority = text.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    port.is_some() || host == "localhost" || host.parse::<IpAddr>().is_ok()
}

/// `v1`, `v4`, `v1beta`: a path segment that names an API version.
fn is_version(segment: &str) -> bool {
    let mut letters = segment.chars();
    letters.next() == Some('v') && letters.next().is_some_and(|second| second.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_accepted_as_people_write_them() {
        let table = [
            (
                "https://api.anthropic.com",
                "https://api.anthropic.com/v1/messages",
            ),
            (
                "https://api.anthropic.com/",
                "https://api.anthropic.com/v1/messages",
            ),
            (
                "https://api.anthropic.com/v1",
                "https://api.anthropic.com/v1/messages",
            ),
            (
                "https://api.anthropic.com/v1/",
                "https://api.anthropic.com/v1/messages",
            ),
            (
                "https://host/anthropic",
                "https://host/anthropic/v1/messages",
            ),
            (
                "https://host/api/paas/v4/",
                "https://host/api/paas/v4/messages",
            ),
            (
                "https://host/v1beta/openai",
                "https://host/v1beta/openai/messages",
            ),
            (
                "https://host/v1?api-version=3",
                "https://host/v1/messages?api-version=3",
            ),
            ("localhost:11434", "http://localhost:11434/v1/messages"),
            ("127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/messages"),
            ("http://0.0.0.0:8000", "http://127.0.0.1:8000/v1/messages"),
            ("api.example.com", "https://api.example.com/v1/messages"),
        ];
        for (given, then) in table {
            let address = Address::parse(given).map(|address| address.at("messages").to_string());
            assert_eq!(address, Ok(then.to_owned()), "{given}");
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused_without_showing_a_password() {
        let error = Address::parse("ftp://me:hush@host/")
            .map(|_| ())
            .unwrap_err();
        assert!(!error.to_string().contains("hush"), "{error}");
        assert!(Address::parse("http://").is_err());
    }

    #[test]
    fn loopback_is_known_by_host() {
        for yes in [
            "http://127.0.0.1:1",
            "http://[::1]:1",
            "http://localhost",
            "http://0.0.0.0:4",
        ] {
            assert!(is_loopback(yes), "{yes}");
        }
        for no in [
            "http://10.0.0.1",
            "https://example.com",
            "http://localhost.example.com",
        ] {
            assert!(!is_loopback(no), "{no}");
        }
    }

    #[test]
    fn ollama_host_takes_its_short_forms() {
        let table = [
            ("", "http://127.0.0.1:11434"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("0.0.0.0:9000", "http://127.0.0.1:9000"),
            (":9000", "http://127.0.0.1:9000"),
            ("box.lan", "http://box.lan:11434"),
            ("https://ollama.example.com", "https://ollama.example.com"),
            ("http://box.lan:80", "http://box.lan"),
        ];
        for (given, then) in table {
            assert_eq!(ollama_address(given), Ok(then.to_owned()), "{given:?}");
        }
    }
}
