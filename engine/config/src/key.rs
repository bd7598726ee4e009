//! Key paths: how a setting is named from outside, `permissions.defaultMode` or `providers.x.models."gpt-4.1".vision`.

use std::fmt;
use std::str::FromStr;

use crate::error::ConfigError;

/// The way from the root of the settings to one value. Segments with dots or quotes print in JSON quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct KeyPath(Vec<String>);

impl KeyPath {
    /// A path of the given segments, taken literally.
    pub fn of<S: AsRef<str>>(segments: &[S]) -> Self {
        Self(segments.iter().map(|s| s.as_ref().to_owned()).collect())
    }

    /// The path one level below this one.
    #[must_use]
    pub fn child(&self, segment: &str) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment.to_owned());
        Self(segments)
    }

    /// The segments, root first; empty for the root itself.
    pub fn segments(&self) -> &[String] {
        &self.0
    }

    /// Whether this path is `other` or stands below it.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            if is_plain(segment) {
                f.write_str(segment)?;
            } else {
                write!(f, "{}", serde_json::Value::from(segment.as_str()))?;
            }
        }
        Ok(())
    }
}

/// Whether a segment can stand in a path without quotes.
fn is_plain(segment: &str) -> bool {
    !segment.is_empty()
        && !segment.contains(|c: char| c == '.' || c == '"' || c.is_whitespace() || c.is_control())
}

impl FromStr for KeyPath {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let bad = |reason: &'static str| ConfigError::BadKeyPath {
            text: text.to_owned(),
            reason,
        };
        let (mut segments, mut rest) = (Vec::new(), text);
        loop {
            let (segment, after) = if rest.starts_with('"') {
                let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                let quoted = stream
                    .next()
                    .and_then(Result::ok)
                    .ok_or_else(|| bad("a quoted part is not closed"))?;
                let end = stream.byte_offset();
                (quoted, &rest[end..])
            } else {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            };
            if segment.is_empty() {
                return Err(bad("a part of it is empty"));
            }
            segments.push(segment);
            match after.strip_prefix('.') {
                Some(next) => rest = next,
                None if after.is_empty() => return Ok(Self(segments)),
                None => return Err(bad("a quoted part must be followed by a dot")),
            }
        }
    }
}
