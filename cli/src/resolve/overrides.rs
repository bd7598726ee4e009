//! What settings say of a server besides address and key: headers, silence, and its models' traits and prices.

use actors::{Endpoint, Secret, TraitsOverride};
use config::{ModelSettings, ProviderSettings, Sourced};

use super::ground::Ground;

/// Puts the settings of one provider into its endpoint.
pub fn apply(ground: &Ground, set: Option<&ProviderSettings>, endpoint: &mut Endpoint) {
    if let Some(idle) = &ground.loaded.settings.retry.idle_timeout {
        endpoint.idle = idle.value;
    }
    let Some(set) = set else { return };
    let headers = set.headers.iter();
    endpoint.headers = headers
        .map(|(name, value)| (name.clone(), Secret::new(value.value.reveal())))
        .collect();
    let models = set.models.iter();
    endpoint.overrides = models
        .map(|(name, model)| (name.clone(), traits(model)))
        .collect();
}

fn traits(model: &ModelSettings) -> TraitsOverride {
    let value = |set: &Option<Sourced<u64>>| set.as_ref().map(|set| set.value);
    TraitsOverride {
        context_window: value(&model.context_window),
        max_output: value(&model.max_output),
        vision: model.vision.as_ref().map(|set| set.value),
        price: model.price.price(),
    }
}
