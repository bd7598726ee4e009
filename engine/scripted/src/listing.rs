//! The model listings, in shapes that clients of every wire can read.

use serde_json::{Value, json};

/// `GET /v1/models`: one object with the fields of both Anthropic's and OpenAI's listing.
pub(crate) fn models(names: &[String]) -> Value {
    let data: Vec<Value> = names
        .iter()
        .map(|name| {
            json!({
                "id": name,
                "type": "model",
                "object": "model",
                "display_name": name,
                "created": 0,
                "created_at": "1970-01-01T00:00:00Z",
                "owned_by": "scripted",
            })
        })
        .collect();
    json!({
        "object": "list",
        "data": data,
        "has_more": false,
        "first_id": names.first(),
        "last_id": names.last(),
    })
}

/// `GET /api/tags`: Ollama's listing.
pub(crate) fn tags(names: &[String]) -> Value {
    let models: Vec<Value> = names
        .iter()
        .map(|name| {
            json!({
                "name": name,
                "model": name,
                "modified_at": "1970-01-01T00:00:00Z",
                "size": 0,
                "digest": "",
                "details": {"format": "scripted", "family": "scripted"},
            })
        })
        .collect();
    json!({"models": models})
}
