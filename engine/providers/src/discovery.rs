//! Discovery: asks the usual local model servers, all at once, whether they are there.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use reqwest::Client;
use tokio::time::timeout;

use crate::ModelListing;
use crate::address::Address;
use crate::http::client;
use crate::provider::listed;

/// Where a local server may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The provider's name if it is there.
    pub name: String,
    /// Where.
    pub base_url: String,
}

/// A local server that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The candidate's name.
    pub name: String,
    /// Where.
    pub base_url: String,
    /// What it offers: at least one.
    pub models: Vec<ModelListing>,
}

/// The usual places: Ollama, LM Studio, llama.cpp, vLLM.
pub fn local_candidates() -> Vec<Candidate> {
    [
        ("ollama", 11434),
        ("lmstudio", 1234),
        ("llamacpp", 8080),
        ("vllm", 8000),
    ]
    .into_iter()
    .map(|(name, port)| Candidate {
        name: name.to_owned(),
        base_url: format!("http://127.0.0.1:{port}"),
    })
    .collect()
}

/// Asks all candidates at once for their models, each at most `limit` long; of those that offer any, the first
/// in the list's order wins, and the later ones are not waited for. Only plain `http` is asked, without a proxy.
pub async fn discover(candidates: &[Candidate], limit: Duration) -> Option<Found> {
    // One client serves all: they are on this machine, or at least without a certificate to check.
    let client = client(&Address::parse("http://127.0.0.1").ok()?).ok()?;
    let ask = async |candidate| timeout(limit, ask(&client, candidate)).await.ok().flatten();
    let mut asked: FuturesOrdered<_> = candidates.iter().map(ask).collect();
    while let Some(answer) = asked.next().await {
        if answer.is_some() {
            return answer;
        }
    }
    None
}

async fn ask(client: &Client, candidate: &Candidate) -> Option<Found> {
    let address = Address::parse(&candidate.base_url).ok()?;
    let response = client.get(address.at("models")).send().await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let models = listed(&response.bytes().await.ok()?)?;
    (!models.is_empty()).then(|| Found {
        name: candidate.name.clone(),
        base_url: candidate.base_url.clone(),
        models,
    })
}
