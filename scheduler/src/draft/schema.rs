//! The form of a planner's answer as a JSON schema: flat, every field required, ids as enums of what it was shown.

use serde_json::{Value, json};

use super::Draft;

/// The longest contract and brief, in characters.
pub(super) const LONGEST_TEXT: usize = 4_000;

impl Draft {
    /// The JSON schema of [`Choices`](super::Choices) for this draft. The same draft always gives the same schema.
    pub fn schema(&self) -> Value {
        let clusters: Vec<String> = self.shown.iter().map(ToString::to_string).collect();
        let commands = |first: &[&str]| -> Vec<String> {
            let offered = self.offered.iter().map(ToString::to_string);
            first
                .iter()
                .map(|word| (*word).to_owned())
                .chain(offered)
                .collect()
        };
        let ids = |least: usize| {
            json!({
                "type": "array", "minItems": least, "maxItems": clusters.len(),
                "items": { "type": "string", "enum": clusters },
            })
        };
        let text = |what: &str| json!({ "type": "string", "maxLength": LONGEST_TEXT, "description": what });
        let one = |of: Vec<String>, what: &str| json!({ "type": "string", "enum": of, "description": what });
        let size =
            |what: &str| json!({ "type": "string", "enum": ["S", "M", "L"], "description": what });
        let flag = |what: &str| json!({ "type": "boolean", "description": what });
        let piece = object(&json!({
            "clusters": ids(1),
            "brief": text("what the agent of this piece is to do, complete in itself"),
            "accept": one(commands(&["auto", "none"]), "the command that must hold for this piece"),
            "after": ids(0),
            "tier": size("how strong a model it needs"),
            "risk": size("how likely it is to go wrong"),
            "size": size("how much work it is"),
            "split": flag("true if it is too much for one agent"),
        }));
        object(&json!({
            "contract": text("one paragraph every agent is bound by: names, signatures, decisions"),
            "pieces": { "type": "array", "minItems": 1, "maxItems": clusters.len(), "items": piece },
            "gate": one(commands(&["none"]), "the command that must hold on the merged result"),
            "shared": flag("true if manifests or lockfiles that everyone shares must change"),
        }))
    }
}

/// An object with exactly these fields.
fn object(properties: &Value) -> Value {
    let names = properties
        .as_object()
        .map(|fields| fields.keys().cloned().collect::<Vec<_>>());
    json!({
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": false,
    })
}
