//! Single flags of a run as a settings object, so that they pass the same checks and win in the same way.

use serde_json::{Map, Value, json};

use super::rules;
use crate::args::{LimitArgs, ModelArgs, PermissionArgs};
use crate::failure::Failure;

/// The settings that the flags of a run amount to.
///
/// # Errors
/// When a rule list cannot be read.
pub fn of(
    model: &ModelArgs,
    permission: &PermissionArgs,
    limits: &LimitArgs,
) -> Result<Value, Failure> {
    let mut settings = Map::new();
    if let Some(model) = &model.model {
        settings.insert("model".to_owned(), json!(model));
    }
    settings.insert("permissions".to_owned(), permissions(permission)?);
    settings.insert("budgets".to_owned(), budgets(limits));
    Ok(Value::Object(settings))
}

/// The `permissions` that permission flags amount to.
///
/// # Errors
/// When a rule list cannot be read.
pub fn permissions(args: &PermissionArgs) -> Result<Value, Failure> {
    let mut settings = Map::new();
    let mode = match args.permission_mode {
        _ if args.dangerously_skip_permissions => Some("bypassPermissions"),
        mode => mode.map(|mode| mode.name()),
    };
    if let Some(mode) = mode {
        settings.insert("defaultMode".to_owned(), json!(mode));
    }
    let lists = [
        ("allow", "--allowedTools", &args.allowed_tools),
        ("deny", "--disallowedTools", &args.disallowed_tools),
    ];
    for (key, flag, texts) in lists {
        let rules = rules::split(flag, texts)?;
        if !rules.is_empty() {
            settings.insert(key.to_owned(), json!(rules));
        }
    }
    Ok(Value::Object(settings))
}

fn budgets(args: &LimitArgs) -> Value {
    let mut settings = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            settings.insert(key.to_owned(), value);
        }
    };
    set("turns", args.max_turns.map(Value::from));
    set("usd", args.max_budget_usd.map(Value::from));
    set("tokens", args.max_budget_tokens.map(Value::from));
    let millis = args
        .timeout
        .map(|timeout| json!(format!("{}ms", timeout.as_millis())));
    set("timeout", millis);
    Value::Object(settings)
}
