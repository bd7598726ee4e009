//! Arguments: judges the JSON text a model wrote for a tool call, so that nothing half or doubled is ever run.

use std::collections::HashSet;
use std::fmt;

use protocol::Text;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// Arguments and blocks nested deeper than this are not believed: no tool wants them, and a server that does not read
/// them would refuse every later request that carries them back.
const MOST_DEPTH: usize = 100;

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
    text.starts_with('{') && !is_deep(text) && serde_json::from_str::<DistinctObject>(text).is_ok()
}

/// Whether values of this JSON text stand inside one another more than [`MOST_DEPTH`] times.
pub(crate) fn is_deep(json: &str) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MOST_DEPTH {
            return true;
        }
    }
    false
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
    fn nesting_has_an_end_and_texts_do_not_nest() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_object(&nested(MOST_DEPTH - 1)));
        assert!(!is_object(&nested(MOST_DEPTH)));
        let text = format!("{{\"a\":\"\\\"{}\"}}", "[{".repeat(MOST_DEPTH));
        assert!(is_object(&text));
        let beside = format!("{{\"a\":[{}0]}}", "[],".repeat(MOST_DEPTH));
        assert!(is_object(&beside));
    }

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
