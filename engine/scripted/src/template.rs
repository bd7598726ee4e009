//! Fills `{{last_user}}`, `{{last_result}}` and `{{turn}}` in the texts of a reply.

use serde_json::Value;

use crate::facts::Facts;

/// Fills the templates of a text in one pass: what is filled in is not looked at again, unknown names stay as they are.
pub(crate) fn fill(text: &str, facts: &Facts<'_>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, template, after)) = next(rest) {
        filled.push_str(before);
        match template {
            "{{last_user}}" => filled.push_str(&facts.last_user),
            "{{turn}}" => filled.push_str(&facts.turn.to_string()),
            _ => filled.push_str(facts.last_result.as_ref().map_or("", |result| &result.text)),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Fills the templates of every string in a JSON value; keys stay as they are.
pub(crate) fn fill_json(value: &Value, facts: &Facts<'_>) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text, facts)),
        Value::Array(items) => items.iter().map(|item| fill_json(item, facts)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), fill_json(value, facts)))
            .collect(),
        other => other.clone(),
    }
}

/// The first known template, with the text before and after it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    const KNOWN: [&str; 3] = ["{{last_user}}", "{{last_result}}", "{{turn}}"];
    let found = KNOWN
        .iter()
        .filter_map(|known| text.find(known).map(|at| (at, *known)));
    let (_, first) = found.min()?;
    let (before, after) = text.split_once(first)?;
    Some((before, first, after))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{fill, fill_json};
    use crate::{facts::Facts, rule::Wire};

    #[test]
    fn known_names_are_filled_once() {
        let body = json!({"messages": [
            {"role": "user", "content": "say {{turn}}"},
            {"role": "assistant", "content": "ok"},
            {"role": "tool", "content": "7"},
        ]});
        let facts = Facts::read(Wire::OpenAi, &body).unwrap();
        let cases = [
            ("plain", "plain"),
            ("{{turn}}{{last_result}}", "17"),
            ("<{{last_user}}>", "<say {{turn}}>"),
            ("{{{turn}}}", "{1}"),
            ("{{other}} {{turn", "{{other}} {{turn"),
            ("é{{turn}}é", "é1é"),
        ];
        for (text, filled) in cases {
            assert_eq!(fill(text, &facts), filled, "{text}");
        }
        let value = json!({"a": ["{{turn}}", 3], "{{turn}}": {"b": "{{last_result}}"}});
        assert_eq!(
            fill_json(&value, &facts),
            json!({"a": ["1", 3], "{{turn}}": {"b": "7"}})
        );
    }
}
