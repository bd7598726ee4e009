//! Secrets: values that never appear in a debug print, an error or a log.

use std::fmt;

/// What stands in a message where a secret stood.
const MASK: &str = "[redacted]";

/// Shorter texts are not treated as secrets when messages are cleaned: they would match by accident.
const SHORTEST: usize = 6;

/// A key, a token, or a header value that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` without the blanks and line ends that come along when a key is read from a file.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Cleans texts of the secrets of one endpoint.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    needles: Vec<String>,
}

impl Redactor {
    pub(crate) fn learn(&mut self, secret: &str) {
        if secret.len() >= SHORTEST {
            self.needles.push(secret.to_owned());
        }
    }

    pub(crate) fn clean(&self, text: String) -> String {
        self.needles.iter().fold(text, |text, needle| {
            if text.contains(needle.as_str()) {
                text.replace(needle.as_str(), MASK)
            } else {
                text
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_and_is_cut_out_of_messages() {
        let secret = Secret::new(" sk-very-secret\n");
        assert_eq!(format!("{secret:?}"), MASK);
        let mut redactor = Redactor::default();
        redactor.learn(secret.expose());
        let cleaned = redactor.clean("key sk-very-secret is wrong: sk-very-secret".to_owned());
        assert_eq!(cleaned, "key [redacted] is wrong: [redacted]");
    }
}
