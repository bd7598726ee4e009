//! Providers: the trait the rest of formic calls models through, and its implementation over HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use protocol::{CallId, DeltaBody, ModelFault, ModelTraits, Prompt, Reply};
use serde::Deserialize;
use tokio::time::timeout;

use crate::address::BadAddress;
use crate::endpoint::{Endpoint, Quirks, TraitsOverride, Wire};
use crate::faults::{broken, garbled};
use crate::http::Http;
use crate::piece::{Count, Piece};
use crate::{anthropic, assembler, openai, prices, stream, traits};

/// How long a server may take to list its models.
const LISTING: Duration = Duration::from_secs(30);

/// One exchange with a model.
pub struct Exchange<'a> {
    /// What is sent.
    pub prompt: &'a Prompt,
    /// Names each tool call of the reply.
    pub new_call: &'a (dyn Fn() -> CallId + Send + Sync),
    /// Takes what streams by; the first is `ReplyBegins` with step 0, at the reply's first byte.
    pub deltas: &'a (dyn Fn(DeltaBody) + Send + Sync),
}

/// A model server. Dropping a future it returned closes that exchange's connection.
pub trait Provider: Send + Sync {
    /// Sends one prompt and streams one reply: one HTTP request, never repeated here.
    ///
    /// # Errors
    /// A fault that says whether and when trying again can help, and whether tokens were billed.
    fn exchange<'a>(&'a self, exchange: Exchange<'a>) -> BoxFuture<'a, Result<Reply, ModelFault>>;

    /// What the server offers.
    ///
    /// # Errors
    /// As for an exchange.
    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelListing>, ModelFault>>;

    /// What is known of a model without asking: the settings first, then the bundled table.
    fn traits(&self, model: &str) -> ModelTraits;

    /// The language spoken.
    fn wire(&self) -> Wire;
}

/// One model a server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelListing {
    /// The name to call it by.
    pub name: String,
    /// The name for people, if the server has one.
    pub title: Option<String>,
    /// Tokens it can see at once, if the server tells.
    pub context_window: Option<u64>,
}

/// Why an endpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Its base URL.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// A header that HTTP does not allow; the value is not shown, it may be a key.
    #[error("header {name:?} has a name or value that HTTP does not allow")]
    Header {
        /// The header.
        name: String,
    },
    /// The HTTP client.
    #[error("the HTTP client did not start: {0}")]
    Client(#[source] reqwest::Error),
    /// The TLS library.
    #[error("the TLS library did not start: {0}")]
    Tls(#[source] rustls::Error),
}

/// Prepares an endpoint. Nothing is sent yet.
///
/// # Errors
/// When the endpoint's URL or headers cannot be used.
pub fn connect(endpoint: Endpoint) -> Result<Arc<dyn Provider>, ConnectError> {
    Ok(Arc::new(HttpProvider {
        http: Http::new(&endpoint)?,
        wire: endpoint.wire,
        overrides: endpoint.overrides,
        quirks: endpoint.quirks,
    }))
}

struct HttpProvider {
    http: Http,
    wire: Wire,
    overrides: BTreeMap<String, TraitsOverride>,
    quirks: Quirks,
}

impl HttpProvider {
    fn request(&self, prompt: &Prompt) -> Result<reqwest::RequestBuilder, ModelFault> {
        let (resource, body) = match self.wire {
            Wire::Anthropic => ("messages", anthropic::encode(prompt)),
            Wire::OpenAiChat => {
                let quirks = self.quirks.resolved(self.http.address.host());
                ("chat/completions", openai::encode(prompt, quirks))
            }
        };
        let body = body.map_err(|error| garbled(format!("the prompt is not JSON: {error}")))?;
        Ok(self.http.post(resource, body))
    }

    async fn priced_reply(&self, exchange: Exchange<'_>) -> Result<Reply, ModelFault> {
        let request = self.request(exchange.prompt)?;
        let asked = exchange.prompt.model.as_str();
        let mut reply = stream::run(&self.http, request, assembler(self.wire), exchange).await?;
        if reply.model.is_empty() {
            asked.clone_into(&mut reply.model);
        }
        reply.cost = reply.usage.and_then(|usage| {
            let set = [asked, &reply.model]
                .into_iter()
                .find_map(|model| self.overrides.get(model)?.price);
            match set {
                Some(price) => Some(price.cost(&usage)),
                None => prices::cost(asked, &usage).or_else(|| prices::cost(&reply.model, &usage)),
            }
        });
        Ok(reply)
    }

    async fn listing(&self) -> Result<Vec<ModelListing>, ModelFault> {
        let request = self.http.get(match self.wire {
            // Without a limit Anthropic lists 20.
            Wire::Anthropic => "models?limit=1000",
            Wire::OpenAiChat => "models",
        });
        let asked = async {
            let response = self.http.send(request).await?;
            response
                .bytes()
                .await
                .map_err(|error| self.http.lost(&error))
        };
        let body = timeout(LISTING, asked)
            .await
            .unwrap_or_else(|_| Err(broken("the server did not list its models in time")))?;
        listed(&body).ok_or_else(|| garbled("the server's list of models is not one"))
    }
}

impl Provider for HttpProvider {
    fn exchange<'a>(&'a self, exchange: Exchange<'a>) -> BoxFuture<'a, Result<Reply, ModelFault>> {
        Box::pin(self.priced_reply(exchange))
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelListing>, ModelFault>> {
        Box::pin(async {
            self.listing()
                .await
                .map_err(|fault| self.http.presentable(fault))
        })
    }

    fn traits(&self, model: &str) -> ModelTraits {
        traits::known(model, self.overrides.get(model))
    }

    fn wire(&self) -> Wire {
        self.wire
    }
}

#[derive(Deserialize)]
struct Listing<'a> {
    #[serde(borrow)]
    data: Vec<Listed<'a>>,
}

/// One entry; the window is called `context_length` by OpenRouter, `max_model_len` by vLLM,
/// `max_input_tokens` by Anthropic.
#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    id: Piece<'a>,
    #[serde(borrow, default)]
    display_name: Piece<'a>,
    #[serde(default)]
    context_length: Count,
    #[serde(default)]
    max_model_len: Count,
    #[serde(default)]
    max_input_tokens: Count,
}

/// Reads a list of models; `None` when the body is not one.
pub(crate) fn listed(body: &[u8]) -> Option<Vec<ModelListing>> {
    let listing: Listing<'_> = serde_json::from_slice(body).ok()?;
    let models = listing
        .data
        .into_iter()
        .filter(|model| !model.id.is_empty());
    Some(
        models
            .map(|model| ModelListing {
                name: model.id.to_string(),
                title: Some(model.display_name.to_string()).filter(|title| !title.is_empty()),
                context_window: [
                    model.context_length,
                    model.max_model_len,
                    model.max_input_tokens,
                ]
                .into_iter()
                .find_map(|count| count.0),
            })
            .collect(),
    )
}
