//! Which model and which provider: names, aliases, and the choice when nothing is said.

use config::{Layer, Settings, Source};

use super::catalogue::{CATALOGUE, Known, known};
use super::ground::Ground;
use crate::args::ModelArgs;
use crate::failure::Failure;

/// Aliases of aliases are followed this far; more is a circle.
const ALIAS_DEPTH: usize = 8;

/// What was chosen by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The provider; `None` asks the usual local servers.
    pub provider: Option<String>,
    /// The model; `None` takes the provider's default.
    pub model: Option<String>,
}

/// A name and where it was said, for errors.
struct Said {
    text: String,
    by: String,
}

/// Chooses by flag, environment, settings, keys, in this order.
///
/// # Errors
/// When a name is unknown, or two of them contradict one another.
pub fn wanted(ground: &Ground, args: &ModelArgs) -> Result<Wanted, Failure> {
    let named = named_provider(ground, args)?;
    match said_model(ground) {
        Some(said) => of_name(ground, args, named, &said),
        None => Ok(Wanted {
            provider: named.or_else(|| unsaid_provider(ground, args, None)),
            model: None,
        }),
    }
}

/// Chooses by a name that `by` gave, as if it were the run's own.
///
/// # Errors
/// As [`wanted`].
pub fn named(ground: &Ground, args: &ModelArgs, text: &str, by: &str) -> Result<Wanted, Failure> {
    let said = Said {
        text: text.to_owned(),
        by: by.to_owned(),
    };
    of_name(ground, args, named_provider(ground, args)?, &said)
}

fn of_name(
    ground: &Ground,
    args: &ModelArgs,
    named: Option<String>,
    said: &Said,
) -> Result<Wanted, Failure> {
    let settings = &ground.loaded.settings;
    let text = unaliased(settings, said)?;
    let (prefix, bare) = match text.split_once('/') {
        Some((prefix, bare)) if is_provider(settings, prefix) => (Some(prefix), bare),
        _ => (None, text.as_str()),
    };
    if bare.is_empty() {
        return Err(Failure::usage(
            format_args!("{}: {:?} names no model", said.by, said.text),
            "write PROVIDER/MODEL, a bare model, or an alias from settings",
        ));
    }
    let (provider, model) = match (named, prefix) {
        (Some(named), Some(prefix)) if named == prefix => (Some(named), bare),
        // A router's model may begin with another provider's name: openrouter and `openai/gpt-...`.
        (Some(named), _) => (Some(named), text.as_str()),
        (None, Some(prefix)) => (Some(prefix.to_owned()), bare),
        (None, None) => (unsaid_provider(ground, args, Some(bare)), bare),
    };
    Ok(Wanted {
        provider,
        model: Some(model.to_owned()),
    })
}

/// Whether a provider of this name can be chosen.
pub fn is_provider(settings: &Settings, name: &str) -> bool {
    known(name).is_some() || settings.providers.contains_key(name)
}

/// The model by flag, `FORMIC_MODEL` or settings; what stands above files in the settings stands above variables too.
fn said_model(ground: &Ground) -> Option<Said> {
    let set = ground.loaded.settings.model.as_ref().map(|model| Said {
        text: model.value.clone(),
        by: origin(&model.source, "--model", "model"),
    });
    let is_above = |source: &Source| source.layer >= Layer::SettingsFlag;
    let model = &ground.loaded.settings.model;
    if model.as_ref().is_some_and(|model| is_above(&model.source)) {
        return set;
    }
    let variable = ground.environment.get("FORMIC_MODEL").map(|text| Said {
        text: text.to_owned(),
        by: "FORMIC_MODEL".to_owned(),
    });
    variable.or(set)
}

fn origin(source: &Source, flag: &str, key: &str) -> String {
    match (source.layer, &source.file) {
        (Layer::Flags, _) => flag.to_owned(),
        _ => format!("{source}: {key}"),
    }
}

fn named_provider(ground: &Ground, args: &ModelArgs) -> Result<Option<String>, Failure> {
    let flag = args.provider.as_deref().map(|name| ("--provider", name));
    let variable = || {
        Some((
            "FORMIC_PROVIDER",
            ground.environment.get("FORMIC_PROVIDER")?,
        ))
    };
    let Some((by, name)) = flag.or_else(variable) else {
        return Ok(None);
    };
    let settings = &ground.loaded.settings;
    if is_provider(settings, name) || args.base_url.is_some() {
        return Ok(Some(name.to_owned()));
    }
    let mut names: Vec<&str> = CATALOGUE.iter().map(|known| known.name).collect();
    names.extend(settings.providers.keys().map(String::as_str));
    Err(Failure::usage(
        format_args!("{by}: there is no provider {name:?}"),
        format_args!(
            "choose one of {}, or describe it under `providers` in settings",
            names.join(", ")
        ),
    ))
}

fn unaliased(settings: &Settings, said: &Said) -> Result<String, Failure> {
    let mut text = said.text.as_str();
    for _ in 0..ALIAS_DEPTH {
        match settings.aliases.get(text) {
            Some(alias) => text = &alias.value,
            None => return Ok(text.to_owned()),
        }
    }
    Err(Failure::settings(
        format_args!("{}: the alias {:?} leads in a circle", said.by, said.text),
        "let the alias name a model: \"aliases\": {\"fast\": \"anthropic/MODEL\"}",
    ))
}

/// The provider when nobody names one: who the settings say offers the model, whose model's name it looks like, the
/// only one in the settings, then the first with a key or an address in the environment.
fn unsaid_provider(ground: &Ground, args: &ModelArgs, model: Option<&str>) -> Option<String> {
    let settings = &ground.loaded.settings;
    let lists = |model: &str| {
        let mut all = settings.providers.iter();
        all.find(|(_, provider)| provider.models.contains_key(model))
            .map(|(name, _)| name.clone())
    };
    let only = || match settings.providers.len() {
        1 => settings.providers.keys().next().cloned(),
        _ => None,
    };
    let alike = |model: &str| {
        let mut all = CATALOGUE.iter();
        all.find(|known| {
            known
                .prefixes
                .iter()
                .any(|prefix| model.starts_with(prefix))
        })
        .filter(|known| is_ready(ground, known))
    };
    let name = |known: &Known| known.name.to_owned();
    model
        .and_then(lists)
        .or_else(|| model.and_then(alike).map(name))
        .or_else(only)
        .or_else(|| {
            CATALOGUE
                .iter()
                .find(|known| is_ready(ground, known))
                .map(name)
        })
        // An address alone: nearly every server of one's own speaks OpenAI's wire.
        .or_else(|| args.base_url.as_ref().map(|_| "openai".to_owned()))
}

/// Whether the environment or the settings say that a provider is to be used.
fn is_ready(ground: &Ground, known: &Known) -> bool {
    let has = |name: &str| ground.variable(name).is_some();
    ground.loaded.settings.providers.contains_key(known.name)
        || known.keys.iter().any(|(name, _)| has(name))
        || known.base_url_variable.is_some_and(has)
}
