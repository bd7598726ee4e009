//! The model server: its address, its key, its headers, each with a guard against a project that would send a key away.

use actors::{Auth, Endpoint, Secret, Wire};
use config::{ProviderSettings, Source, Sourced};

use super::catalogue::{CATALOGUE, Known, Sent, known};
use super::ground::Ground;
use super::overrides;
use crate::args::ModelArgs;
use crate::failure::{Failure, Kind};

/// A server and what it is known by.
pub struct Backend {
    /// The server.
    pub endpoint: Endpoint,
    /// Where the key came from: a variable's name, `settings`, or `none`.
    pub key_source: String,
    /// The model when none is named, if the provider has one.
    pub model: Option<String>,
}

/// Where a value was said, for errors and for trust.
struct Said<'a> {
    value: String,
    by: String,
    source: Option<&'a Source>,
}

impl Said<'_> {
    fn comes_with_project(&self) -> bool {
        self.source
            .is_some_and(|source| source.layer.comes_with_project())
    }
}

struct Key<'a> {
    auth: Auth,
    said: Said<'a>,
}

/// The server of a provider.
///
/// # Errors
/// When it has no address, no key where one is needed, or a project's file would send a key elsewhere.
pub fn backend(ground: &Ground, args: &ModelArgs, name: &str) -> Result<Backend, Failure> {
    let known = known(name);
    let set = ground.loaded.settings.providers.get(name);
    let address = address(ground, args, (name, known, set))?;
    let key = key(ground, (name, known, set))?;
    let is_here = actors::models::is_loopback(&address.value);
    match &key {
        Some(key) if !is_here && address.comes_with_project() && !key.said.comes_with_project() => {
            return Err(Failure::settings(
                format_args!(
                    "{}: a project's file cannot send your key to {}",
                    address.by, address.value
                ),
                "set the address in your user settings, or pass --base-url yourself",
            ));
        }
        None if !is_here && known.is_some_and(|known| !known.is_local()) => {
            return Err(no_key(name, known));
        }
        _ => {}
    }
    let wire = set.and_then(|set| set.wire.as_ref()).map(|wire| wire.value);
    let wire = match wire.or(known.map(|known| known.wire)) {
        Some(config::Wire::Anthropic) => Wire::Anthropic,
        Some(config::Wire::OpenAi) | None => Wire::OpenAiChat,
    };
    let key_source = key
        .as_ref()
        .map_or_else(|| "none".to_owned(), |key| key.said.by.clone());
    let mut endpoint = Endpoint::new(name, wire, address.value.as_str());
    endpoint.auth = key.map_or(Auth::None, |key| key.auth);
    overrides::apply(ground, set, &mut endpoint);
    actors::models::traits(&endpoint, "")
        .map_err(|error| Failure::usage(format_args!("{}: {error}", address.by), URL_HINT))?;
    let variable = known.and_then(|known| known.model_variable);
    let model = variable.and_then(|name| ground.variable(name));
    let model = model
        .map(|model| model.value)
        .or(known.and_then(|known| known.model));
    Ok(Backend {
        endpoint,
        key_source,
        model: model.map(str::to_owned),
    })
}

type Provider<'a> = (
    &'a str,
    Option<&'static Known>,
    Option<&'a ProviderSettings>,
);

/// By flag, variable, settings, then where the provider usually is.
fn address<'a>(
    ground: &'a Ground,
    args: &ModelArgs,
    (name, known, set): Provider<'a>,
) -> Result<Said<'a>, Failure> {
    if let Some(url) = &args.base_url {
        return Ok(Said {
            value: url.clone(),
            by: "--base-url".to_owned(),
            source: None,
        });
    }
    if name == "ollama"
        && let Some(host) = ground.variable("OLLAMA_HOST")
    {
        return Ok(from_variable(
            "OLLAMA_HOST",
            ollama(host.value)?,
            host.source,
        ));
    }
    if let Some(variable) = known.and_then(|known| known.base_url_variable)
        && let Some(found) = ground.variable(variable)
    {
        return Ok(from_variable(
            variable,
            found.value.to_owned(),
            found.source,
        ));
    }
    if let Some(url) = set.and_then(|set| set.base_url.as_ref()) {
        return Ok(said(
            url,
            format!("{}: providers.{name}.base_url", url.source),
        ));
    }
    match known {
        Some(known) => Ok(Said {
            value: known.base_url.to_owned(),
            by: name.to_owned(),
            source: None,
        }),
        None => Err(Failure::settings(
            format_args!("provider {name}: it has no base_url"),
            format_args!(
                "add \"providers\": {{\"{name}\": {{\"base_url\": \"https://host/v1\"}}}} to your settings"
            ),
        )),
    }
}

const URL_HINT: &str = "write an address like http://127.0.0.1:8080 or https://host/v1";

/// The address a value of `OLLAMA_HOST` means.
///
/// # Errors
/// When it is none.
pub fn ollama(host: &str) -> Result<String, Failure> {
    actors::models::ollama_address(host)
        .map_err(|error| Failure::usage(format_args!("OLLAMA_HOST: {error}"), URL_HINT))
}

fn from_variable<'a>(name: &str, value: String, source: Option<&'a Source>) -> Said<'a> {
    let by = match source {
        Some(source) => format!("{source}: env.{name}"),
        None => name.to_owned(),
    };
    Said { value, by, source }
}

fn said(set: &Sourced<String>, by: String) -> Said<'_> {
    Said {
        value: set.value.clone(),
        by,
        source: Some(&set.source),
    }
}

/// By variable the settings name, then the key in the settings, then the provider's usual variables.
fn key<'a>(
    ground: &'a Ground,
    (name, known, set): Provider<'a>,
) -> Result<Option<Key<'a>>, Failure> {
    if let Some(variable) = set.and_then(|set| set.api_key_env.as_ref()) {
        return named_key(ground, name, variable).map(Some);
    }
    if let Some(key) = set.and_then(|set| set.api_key.as_ref()) {
        let said = Said {
            value: String::new(),
            by: "settings".to_owned(),
            source: Some(&key.source),
        };
        let auth = Auth::ApiKey(Secret::new(key.value.reveal()));
        return Ok(Some(Key { auth, said }));
    }
    let usual = known.map_or(&[][..], |known| known.keys);
    Ok(usual.iter().find_map(|(variable, sent)| {
        let found = ground.variable(variable)?;
        let secret = Secret::new(found.value);
        let auth = match sent {
            Sent::ApiKey => Auth::ApiKey(secret),
            Sent::Bearer => Auth::Bearer(secret),
        };
        let mut said = from_variable(variable, String::new(), found.source);
        (*variable).clone_into(&mut said.by);
        Some(Key { auth, said })
    }))
}

fn named_key<'a>(
    ground: &'a Ground,
    name: &str,
    variable: &'a Sourced<String>,
) -> Result<Key<'a>, Failure> {
    let Some(found) = ground.variable(&variable.value) else {
        return Err(Failure::settings(
            format_args!(
                "{}: providers.{name}.api_key_env: the variable {} is not set",
                variable.source, variable.value
            ),
            format_args!("set {} to the key", variable.value),
        ));
    };
    let said = Said {
        value: String::new(),
        by: variable.value.clone(),
        // A project may name any variable, but what it names is still the user's.
        source: found.source,
    };
    let auth = Auth::ApiKey(Secret::new(found.value));
    Ok(Key { auth, said })
}

fn no_key(name: &str, known: Option<&Known>) -> Failure {
    let variable = known
        .and_then(|known| known.keys.first())
        .map_or("", |(name, _)| name);
    Failure::new(
        Kind::Authentication,
        format_args!("provider {name}: there is no key"),
        format_args!(
            "set {variable}, or providers.{name}.api_key in your user settings; `formic demo` needs none"
        ),
    )
}

/// Nothing was named and nothing answered.
pub fn none_found() -> Failure {
    let places: Vec<&str> = CATALOGUE
        .iter()
        .filter(|known| known.is_local())
        .map(|known| known.name)
        .collect();
    Failure::new(
        Kind::Backend,
        format_args!(
            "no model: there is no key, nothing in the settings, and no local server answers ({})",
            places.join(", ")
        ),
        "set ANTHROPIC_API_KEY or OPENAI_API_KEY, start a local server such as Ollama, or describe one under `providers` \
         in settings; `formic demo` needs none of them",
    )
}
