//! What a model server offers, asked without a session.

use protocol::{ModelFault, ModelTraits};
use providers::{ConnectError, ModelListing, connect};

pub use providers::{Candidate, Found, discover, is_loopback, local_candidates, ollama_address};

use crate::Endpoint;

/// What is known of a model at an endpoint, without asking it.
///
/// # Errors
/// [`ConnectError`]: the endpoint's description makes no sense.
pub fn traits(endpoint: &Endpoint, model: &str) -> Result<ModelTraits, ConnectError> {
    Ok(connect(endpoint.clone())?.traits(model))
}

/// The models an endpoint offers.
///
/// # Errors
/// [`ConnectError`] as above; the inner error is the server's answer.
pub async fn list(
    endpoint: &Endpoint,
) -> Result<Result<Vec<ModelListing>, ModelFault>, ConnectError> {
    let provider = connect(endpoint.clone())?;
    Ok(provider.models().await)
}
