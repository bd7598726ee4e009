//! HTTP: one client per endpoint, cheap on loopback, and what a failed request means.

use std::sync::Arc;
use std::time::Duration;

use protocol::{FaultKind, ModelFault, RetryHint};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, redirect, retry};

use crate::address::Address;
use crate::body::RequestBody;
use crate::endpoint::{Auth, Endpoint, Wire};
use crate::faults::{broken, fault, of_status, shorten_message};
use crate::provider::ConnectError;
use crate::secret::{Redactor, Secret};

/// How long a TCP and TLS connection may take to stand.
const CONNECT: Duration = Duration::from_secs(10);

/// The most bytes read of an error's body.
const ERROR_BYTES: usize = 256 * 1024;

/// The version of the Messages wire that is spoken.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// One endpoint's client with everything a request needs besides its body.
pub(crate) struct Http {
    pub(crate) client: Client,
    pub(crate) address: Address,
    pub(crate) idle: Duration,
    pub(crate) first_byte: Option<Duration>,
    headers: HeaderMap,
    redactor: Redactor,
}

impl Http {
    pub(crate) fn new(endpoint: &Endpoint) -> Result<Self, ConnectError> {
        let address = Address::parse(&endpoint.base_url)?;
        let mut redactor = Redactor::default();
        redactor.learn(address.password().unwrap_or_default());
        let headers = headers(endpoint, &mut redactor)?;
        Ok(Self {
            client: client(&address)?,
            idle: endpoint.idle,
            first_byte: endpoint.first_byte.filter(|_| !address.is_loopback()),
            address,
            headers,
            redactor,
        })
    }

    pub(crate) fn post(&self, resource: &str, body: RequestBody) -> RequestBuilder {
        self.client
            .post(self.address.at(resource))
            .headers(self.headers.clone())
            .header("content-type", "application/json")
            .body(body.into_sent())
    }

    pub(crate) fn get(&self, resource: &str) -> RequestBuilder {
        self.client
            .get(self.address.at(resource))
            .headers(self.headers.clone())
    }

    /// Sends a request; any status but 2xx is a fault.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, ModelFault> {
        let response = request.send().await.map_err(|error| self.lost(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if status.is_redirection() {
            let place = response.headers().get("location");
            let place = place
                .and_then(|place| place.to_str().ok())
                .unwrap_or("nowhere");
            let message = format!("the server redirects to {place}; set that as the base URL");
            let mut fault = fault(FaultKind::BadRequest, message, RetryHint::Never);
            fault.status = Some(status.as_u16());
            return Err(fault);
        }
        let headers = response.headers().clone();
        let body = self.error_body(response).await;
        Err(of_status(status.as_u16(), &headers, &body))
    }

    /// As much of an error's body as comes; one that stalls must not hide the status.
    async fn error_body(&self, mut response: Response) -> String {
        let mut body = Vec::new();
        while body.len() < ERROR_BYTES {
            match tokio::time::timeout(self.idle.min(CONNECT), response.chunk()).await {
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                _ => break,
            }
        }
        String::from_utf8_lossy(&body).into_owned()
    }

    /// What a failed request or read means.
    pub(crate) fn lost(&self, error: &reqwest::Error) -> ModelFault {
        let place = self.address.shown();
        let cause = innermost(error);
        if error.is_connect() || error.is_timeout() {
            let message = format!("no answer at {place}: {cause}");
            fault(FaultKind::Unreachable, message, RetryHint::Backoff)
        } else if error.is_builder() {
            let message = format!("the request to {place} could not be built: {cause}");
            fault(FaultKind::BadRequest, message, RetryHint::Never)
        } else {
            broken(format!("the connection to {place} broke: {cause}"))
        }
    }

    /// Makes a fault fit to be shown: no secrets, no endless message.
    pub(crate) fn presentable(&self, mut fault: ModelFault) -> ModelFault {
        fault.message = shorten_message(&self.redactor.clean(fault.message));
        fault
    }
}

/// The cause that says most: the last one of the chain.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// A client that never retries by itself, never follows a redirect (it would carry the key elsewhere) and
/// has no limit on the whole time of a request (it would kill long streams).
pub(crate) fn client(address: &Address) -> Result<Client, ConnectError> {
    let builder = Client::builder()
        .user_agent(concat!("formic/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .redirect(redirect::Policy::none())
        .retry(retry::never());
    let builder = if address.is_loopback() && address.is_plain() {
        // No proxy stands before this machine and no certificate is ever checked: reading the
        // environment and the system's root certificates would be most of a short run's work.
        builder.no_proxy().tls_backend_preconfigured(no_roots()?)
    } else {
        // Fails only if one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        builder
    };
    builder.build().map_err(ConnectError::Client)
}

fn no_roots() -> Result<rustls::ClientConfig, ConnectError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ConnectError::Tls)?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(config)
}

fn headers(endpoint: &Endpoint, redactor: &mut Redactor) -> Result<HeaderMap, ConnectError> {
    let mut headers = HeaderMap::new();
    // Compressing small events costs more than it saves, and proxies hold events back to fill a block.
    headers.insert("accept-encoding", HeaderValue::from_static("identity"));
    if endpoint.wire == Wire::Anthropic {
        let version = HeaderValue::from_static(ANTHROPIC_VERSION);
        headers.insert("anthropic-version", version);
    }
    let (name, secret, value) = match (&endpoint.auth, endpoint.wire) {
        (Auth::None, _) => ("", None, String::new()),
        (Auth::ApiKey(key), Wire::Anthropic) => ("x-api-key", Some(key), key.expose().to_owned()),
        (Auth::ApiKey(key) | Auth::Bearer(key), _) => (
            "authorization",
            Some(key),
            format!("Bearer {}", key.expose()),
        ),
    };
    if let Some(secret) = secret {
        redactor.learn(secret.expose());
        headers.insert(HeaderName::from_static(name), header_value(name, &value)?);
    }
    for (name, secret) in &endpoint.headers {
        let key = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| ConnectError::Header { name: name.clone() })?;
        redactor.learn(Secret::expose(secret));
        headers.insert(key, header_value(name, secret.expose())?);
    }
    Ok(headers)
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, ConnectError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| ConnectError::Header {
        name: name.to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}
