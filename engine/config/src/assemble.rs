//! From merged leaves to typed settings; the leaves were checked before, so a value that does not read is absent.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::key::KeyPath;
use crate::layered::Layered;
use crate::quantity::{dollars_value, duration_value};
use crate::secret::Secret;
use crate::settings::{
    Budgets, ModelSettings, Permissions, PriceSettings, ProviderSettings, Retry, Settings, Wire,
};
use crate::source::Sourced;

/// Builds the typed settings.
pub(crate) fn settings(layered: &Layered) -> Settings {
    let root = KeyPath::default();
    Settings {
        permissions: permissions(layered),
        env: map(layered, &root.child("env"), secret),
        model: layered.one(&root.child("model"), text),
        aliases: map(layered, &root.child("aliases"), text),
        providers: named(layered, &root.child("providers"), provider),
        budgets: budgets(layered),
        retry: retry(layered),
        swarm: map(layered, &root.child("swarm"), |v| Some(v.clone())),
        memory: map(layered, &root.child("memory"), |v| Some(v.clone())),
    }
}

fn permissions(layered: &Layered) -> Permissions {
    let at = KeyPath::of(&["permissions"]);
    let bypass = layered.one(&at.child("disableBypassPermissionsMode"), |_| Some(()));
    Permissions {
        allow: layered.all(&at.child("allow")),
        ask: layered.all(&at.child("ask")),
        deny: layered.all(&at.child("deny")),
        default_mode: layered.one(&at.child("defaultMode"), |v| {
            serde_json::from_value(v.clone()).ok()
        }),
        additional_directories: layered.all(&at.child("additionalDirectories")),
        bypass_disabled_by: bypass.map(|b| b.source),
    }
}

fn provider(layered: &Layered, at: &KeyPath) -> ProviderSettings {
    ProviderSettings {
        wire: layered.one(&at.child("wire"), |v| Wire::from_name(v.as_str()?)),
        base_url: layered.one(&at.child("base_url"), text),
        api_key: layered.one(&at.child("api_key"), secret),
        api_key_env: layered.one(&at.child("api_key_env"), text),
        headers: map(layered, &at.child("headers"), secret),
        models: named(layered, &at.child("models"), model),
    }
}

fn model(layered: &Layered, at: &KeyPath) -> ModelSettings {
    let price = at.child("price");
    let dollars = |name: &str| layered.one(&price.child(name), dollars_value);
    ModelSettings {
        price: PriceSettings {
            input: dollars("input"),
            output: dollars("output"),
            cache_read: dollars("cache_read"),
            cache_write: dollars("cache_write"),
        },
        context_window: layered.one(&at.child("context_window"), Value::as_u64),
        max_output: layered.one(&at.child("max_output"), Value::as_u64),
        vision: layered.one(&at.child("vision"), Value::as_bool),
    }
}

fn budgets(layered: &Layered) -> Budgets {
    let at = KeyPath::of(&["budgets"]);
    Budgets {
        usd: layered.one(&at.child("usd"), dollars_value),
        tokens: layered.one(&at.child("tokens"), Value::as_u64),
        turns: layered.one(&at.child("turns"), Value::as_u64),
        timeout: layered.one(&at.child("timeout"), |v| duration_value(v).ok()),
    }
}

fn retry(layered: &Layered) -> Retry {
    let at = KeyPath::of(&["retry"]);
    Retry {
        max_attempts: layered.one(&at.child("max_attempts"), Value::as_u64),
        idle_timeout: layered.one(&at.child("idle_timeout"), |v| duration_value(v).ok()),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn secret(value: &Value) -> Option<Secret> {
    value.as_str().map(Secret::new)
}

/// The leaves directly below a key, by name.
fn map<T>(
    layered: &Layered,
    at: &KeyPath,
    read: impl Fn(&Value) -> Option<T>,
) -> BTreeMap<String, Sourced<T>> {
    let names = layered.names(at).into_iter();
    names
        .filter_map(|name| {
            layered
                .one(&at.child(&name), &read)
                .map(|value| (name, value))
        })
        .collect()
}

/// The objects directly below a key, by name.
fn named<T>(
    layered: &Layered,
    at: &KeyPath,
    read: impl Fn(&Layered, &KeyPath) -> T,
) -> BTreeMap<String, T> {
    layered
        .names(at)
        .into_iter()
        .map(|name| {
            let value = read(layered, &at.child(&name));
            (name, value)
        })
        .collect()
}
