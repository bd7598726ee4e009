//! Arguments: judges the JSON text a model wrote for a tool call, so that nothing half or doubled is ever run.

use std::collections::HashSet;
use std::fmt;

use protocol::Text;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// The arguments of one call, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    /// The exact JSON text of an object.
    pub(crate) arguments: Text,
    /// What came instead of one object.
    pub(crate) malformed: Option<Text>,
}

impl Judged {
    fn good(text: &str) -> Self {
        Self {
            arguments: text.into(),
            malformed: None,
        }
    }

    pub(crate) fn malformed(raw: &str) -> Self {
        Self {
            arguments: "{}".into(),
            malformed: Some(raw.into()),
        }
    }
}

/// Judges `raw`: nothing, `null` and `""` mean no arguments; an object written as a JSON string counts as
/// that object; two objects, a doubled key or a cut text are malformed.
pub(crate) fn judge(raw: &str) -> Judged {
    let text = raw.trim();
    if matches!(text, "" | "null" | "\"\"") {
        return Judged::good("{}");
    }
    if is_object(text) {
        return Judged::good(text);
    }
    match serde_json::from_str::<String>(text) {
        Ok(inner) if is_object(inner.trim()) => Judged::good(inner.trim()),
        _ => Judged::malformed(raw),
    }
}

/// Whether `text` is exactly one JSON object whose keys differ.
pub(crate) fn is_object(text: &str) -> bool {
    text.starts_with('{') && serde_json::from_str::<DistinctObject>(text).is_ok()
}

/// An object of which only the shape matters.
struct DistinctObject;

struct DistinctKeys;

impl<'de> Visitor<'de> for DistinctKeys {
    type Value = DistinctObject;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DistinctObject, A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<IgnoredAny>()?;
            if !seen.insert(key) {
                return Err(A::Error::custom("a key stands twice"));
            }
        }
        Ok(DistinctObject)
    }
}

impl<'de> Deserialize<'de> for DistinctObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DistinctKeys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_one_object_or_malformed() {
        let good = [
            ("", "{}"),
            ("null", "{}"),
            ("\"\"", "{}"),
            (" {} ", "{}"),
            ("{\"a\" : 1.0}", "{\"a\" : 1.0}"),
            ("\"{\\\"a\\\":1}\"", "{\"a\":1}"),
        ];
        for (given, then) in good {
            assert_eq!(judge(given), Judged::good(then), "{given}");
        }
        let bad = [
            "{\"a\":1}{\"b\":2}",
            "{\"a\":1} {\"a\":1}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":",
            "[1]",
            "7",
            "read it",
            "\"text\"",
        ];
        for given in bad {
            assert_eq!(judge(given), Judged::malformed(given), "{given}");
        }
    }
}
