//! Arguments fitted to a schema: names made canonical, types mended where only one reading is possible.

use serde_json::{Map, Value};

use super::names;
use crate::file::nearest::nearest;

/// The arguments of a call as an object.
///
/// # Errors
/// What is there instead.
pub(super) fn object(json: &str) -> Result<Map<String, Value>, String> {
    if json.trim().is_empty() {
        return Ok(Map::new());
    }
    let value: Value = serde_json::from_str(json)
        .map_err(|error| format!("the arguments are not JSON: {error}"))?;
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        // An object written as a text within the JSON.
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) | Err(_) => Err("the arguments are a text, not an object".to_owned()),
        },
        other => Err(format!("the arguments are {}, not an object", kind(&other))),
    }
}

/// `args` as `schema` wants them.
///
/// # Errors
/// Which argument is missing, unknown, or of a type that cannot be mended.
pub(super) fn fit(schema: &str, args: Map<String, Value>) -> Result<Value, String> {
    let schema: Value =
        serde_json::from_str(schema).map_err(|error| format!("its schema is broken: {error}"))?;
    fit_object(&schema, args)
}

fn fit_object(schema: &Value, args: Map<String, Value>) -> Result<Value, String> {
    let none = Map::new();
    let wanted = schema["properties"].as_object().unwrap_or(&none);
    let named = renamed(wanted, args)?;
    for required in schema["required"].as_array().into_iter().flatten() {
        let name = required.as_str().unwrap_or_default();
        if !named.contains_key(name) {
            return Err(format!(
                "`{name}` ({}) is missing; the arguments are {}",
                typed(&wanted[name]),
                signature(schema)
            ));
        }
    }
    let mut fitted = Map::new();
    for (name, value) in named {
        let value = coerced(&wanted[&name], value).map_err(|error| format!("`{name}` {error}"))?;
        fitted.insert(name, value);
    }
    Ok(Value::Object(fitted))
}

/// The arguments under their canonical names; `null` is as good as absent.
fn renamed(
    wanted: &Map<String, Value>,
    args: Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let (mut named, strangers): (Map<_, _>, Map<_, _>) = args
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .partition(|(name, _)| wanted.contains_key(name));
    for (name, value) in strangers {
        let free: Vec<&str> = wanted
            .keys()
            .map(String::as_str)
            .filter(|own| !named.contains_key(*own))
            .collect();
        match names::argument(&name, &free) {
            Some(own) => {
                let own = own.to_owned();
                named.insert(own, value);
            }
            None if names::remark(&name) => {}
            None => return Err(stranger(&name, wanted)),
        }
    }
    Ok(named)
}

fn stranger(name: &str, wanted: &Map<String, Value>) -> String {
    let all: Vec<&str> = wanted.keys().map(String::as_str).collect();
    let meant = match nearest(name, &all).first() {
        Some(near) => format!(" (did you mean `{near}`?)"),
        None => String::new(),
    };
    format!(
        "there is no argument `{name}`{meant}; there are {}",
        all.join(", ")
    )
}

fn signature(schema: &Value) -> String {
    let none = Map::new();
    let required = schema["required"].as_array();
    let must = |name: &str| required.is_some_and(|all| all.iter().any(|one| one == name));
    let all = schema["properties"].as_object().unwrap_or(&none);
    let named: Vec<String> = all
        .keys()
        .map(|name| {
            if must(name) {
                name.clone()
            } else {
                format!("{name}?")
            }
        })
        .collect();
    named.join(", ")
}

fn typed(schema: &Value) -> &str {
    schema["type"].as_str().unwrap_or("any")
}

fn coerced(schema: &Value, value: Value) -> Result<Value, String> {
    let wanted = typed(schema);
    let given = kind(&value);
    let fitted = match wanted {
        "string" => string(value).map(Value::String),
        "integer" => integer(&value).map(Value::from),
        "boolean" => boolean(&value).map(Value::Bool),
        "array" => return array(schema, value),
        "object" => match value {
            Value::Object(map) => return fit_object(schema, map),
            Value::String(text) => return object(&text).and_then(|map| fit_object(schema, map)),
            _ => None,
        },
        _ => Some(value),
    };
    let fitted = fitted.ok_or_else(|| format!("must be {wanted}, not {given}"))?;
    chosen(schema, fitted)
}

/// One of the values an `enum` names; case and the sort of dash do not count.
fn chosen(schema: &Value, value: Value) -> Result<Value, String> {
    let (Some(all), Some(text)) = (schema["enum"].as_array(), value.as_str()) else {
        return Ok(value);
    };
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    all.iter()
        .find(|one| one.as_str().is_some_and(|one| one == plain(text)))
        .cloned()
        .ok_or_else(|| {
            let all: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            format!("must be one of {}, not {text:?}", all.join(", "))
        })
}

fn string(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(parts) => words(&parts),
        Value::Null | Value::Object(_) => None,
    }
}

/// A text in a list of its own, or a command the way programs start a shell: `["bash", "-lc", "..."]`.
fn words(parts: &[Value]) -> Option<String> {
    let words: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
    match words?.as_slice() {
        [one] => Some((*one).to_owned()),
        [
            "bash" | "sh" | "/bin/bash" | "/bin/sh",
            "-c" | "-lc",
            command,
        ] => Some((*command).to_owned()),
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        _ => None,
    }
}

fn whole(number: f64) -> Option<i64> {
    // Beyond 2^53 a float does not tell integers apart.
    let exact = number.fract() == 0.0 && number.abs() < 9e15;
    exact.then(|| format!("{number:.0}").parse().ok()).flatten()
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" | "" => Some(false),
            _ => None,
        },
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        _ => None,
    }
}

fn array(schema: &Value, value: Value) -> Result<Value, String> {
    let items = &schema["items"];
    let parts = match value {
        Value::Array(parts) => parts,
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(Value::Array(parts)) => parts,
            Ok(one @ Value::Object(_)) if typed(items) == "object" => vec![one],
            _ if typed(items) == "string" => vec![Value::String(text)],
            _ => return Err("must be array, not string".to_owned()),
        },
        one @ Value::Object(_) if typed(items) == "object" => vec![one],
        other => return Err(format!("must be array, not {}", kind(&other))),
    };
    let fitted: Result<Vec<Value>, String> = parts
        .into_iter()
        .enumerate()
        .map(|(at, part)| {
            coerced(items, part).map_err(|error| format!("entry {}: {error}", at + 1))
        })
        .collect();
    fitted.map(Value::Array)
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
