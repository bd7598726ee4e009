//! Local servers: asked only when nothing names a model server.

use std::time::Duration;

use actors::models::{self, Candidate};
use actors::{Endpoint, Wire};

use super::backend::{self, Backend};
use super::ground::Ground;
use crate::failure::{Failure, Kind};

/// How long each may take to answer.
const LIMIT: Duration = Duration::from_millis(500);

/// The first of the usual local servers that answers, and its model.
///
/// # Errors
/// When none does: the three ways on.
pub async fn find(ground: &Ground, model: Option<String>) -> Result<(Backend, String), Failure> {
    let found = models::discover(&candidates(ground)?, LIMIT).await;
    let found = found.ok_or_else(backend::none_found)?;
    let first = found.models.first().map(|model| model.name.clone());
    let model = model.or(first).ok_or_else(backend::none_found)?;
    let backend = Backend {
        endpoint: Endpoint::new(found.name, Wire::OpenAiChat, found.base_url),
        key_source: "none".to_owned(),
        model: None,
    };
    Ok((backend, model))
}

/// The usual places; `OLLAMA_HOST` moves Ollama's.
fn candidates(ground: &Ground) -> Result<Vec<Candidate>, Failure> {
    let mut candidates = models::local_candidates();
    if let Some(host) = ground.variable("OLLAMA_HOST") {
        let moved = backend::ollama(host.value)?;
        if let Some(ollama) = candidates
            .iter_mut()
            .find(|candidate| candidate.name == "ollama")
        {
            ollama.base_url = moved;
        }
    }
    Ok(candidates)
}

/// The first model a server offers, where nothing names one.
///
/// # Errors
/// When the server does not answer or offers none.
pub async fn first_model(endpoint: &Endpoint) -> Result<String, Failure> {
    let name = &endpoint.name;
    let listed = models::list(endpoint).await?.map_err(|fault| {
        Failure::new(
            Kind::Backend,
            format_args!("provider {name}: {}", fault.message),
            format_args!("check that it runs, or name a model: --model {name}/MODEL"),
        )
    })?;
    listed
        .into_iter()
        .next()
        .map(|model| model.name)
        .ok_or_else(|| {
            Failure::new(
                Kind::Backend,
                format_args!("provider {name}: it offers no model"),
                format_args!("load a model there, or name one: --model {name}/MODEL"),
            )
        })
}
