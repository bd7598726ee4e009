//! What must never be written or shown: every key formic knows of, and the variables children must not see.

use actors::Secrets;

use super::catalogue::CATALOGUE;
use super::ground::Ground;

/// Endings of variable names that hold keys of model providers.
const ENDINGS: [&str; 4] = ["_API_KEY", "_AUTH_TOKEN", "_TOKEN", "_SECRET"];

/// Collects keys from environment and settings. Children keep the variables that are not formic's: `git` may need
/// `GITHUB_TOKEN`.
pub fn collect(ground: &Ground) -> Secrets {
    let settings = &ground.loaded.settings;
    let mut secrets = Secrets::default();
    let named = settings.providers.values();
    let named = named.filter_map(|provider| Some(provider.api_key_env.as_ref()?.value.as_str()));
    let usual = CATALOGUE
        .iter()
        .flat_map(|known| known.keys)
        .map(|(name, _)| *name);
    let ours = ground.environment.names().filter(|name| is_ours(name));
    let mut names: Vec<&str> = named.chain(usual).chain(ours).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        if let Some(found) = ground.variable(name) {
            secrets
                .values
                .push((name.to_owned(), found.value.to_owned()));
        }
        if ground.environment.get(name).is_some() {
            secrets.scrubbed.push(name.to_owned());
        }
    }
    for (name, provider) in &settings.providers {
        if let Some(key) = &provider.api_key {
            let value = key.value.reveal().to_owned();
            secrets
                .values
                .push((format!("providers.{name}.api_key"), value));
        }
        let headers = provider.headers.iter();
        secrets.values.extend(headers.map(|(header, value)| {
            let shown = format!("providers.{name}.headers.{header}");
            (shown, value.value.reveal().to_owned())
        }));
    }
    secrets
}

/// A provider's or formic's own key, not one that the user's other programs need.
pub(super) fn is_ours(name: &str) -> bool {
    let families = ["ANTHROPIC_", "OPENAI_", "OLLAMA_", "FORMIC_"];
    families.iter().any(|family| name.starts_with(family))
        && ENDINGS.iter().any(|ending| name.ends_with(ending))
}
