//! A run, resolved: everything `actors` must know, and everything that shows it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actors::{
    CrashPoint, Endpoint, Options, PermissionOptions, PlaceOptions, PromptOptions, Source,
    SystemSource, Wire,
};
use protocol::{Limits, ModelRef};
use tempfile::TempDir;

use super::backend::{self, Backend};
use super::ground::Ground;
use super::model::Wanted;
use super::session::{self, Take};
use super::{commands, flags, limits, local, model, permission, prompt, secrets};
use crate::args::{ModelArgs, PermissionArgs, RunArgs};
use crate::failure::{Failure, Kind};

/// A run that can begin once its server is found.
pub struct Run {
    /// Environment, folders and settings.
    pub ground: Ground,
    /// What the session runs on.
    pub options: Options,
    /// Which session.
    pub take: Take,
    /// How long at most.
    pub timeout: Option<Duration>,
    /// Where the session lies if nothing is to stay; gone when dropped.
    pub scratch: Option<TempDir>,
}

impl Run {
    /// Resolves flags, environment and settings as far as nobody has to be asked.
    ///
    /// # Errors
    /// Whatever of them keeps the run from beginning.
    pub fn prepare(args: &RunArgs) -> Result<Self, Failure> {
        let ground = Ground::survey(
            &args.place,
            Some(flags::of(&args.model, &args.permission, &args.limits)?),
        )?;
        let take = session::take(&ground, &args.session)?;
        let stops = limits::of(&ground.loaded.settings);
        let mut options = unserved(&ground, &args.permission)?;
        options.prompt = prompt::options(&ground, args, today(options.source.as_ref()))?;
        options.limits = stops.limits;
        options.crash = crash(&ground)?;
        let (data, scratch) = data(&ground, args)?;
        options.data = data;
        Ok(Self {
            ground,
            options,
            take,
            timeout: stops.timeout,
            scratch,
        })
    }

    /// Finds the model server and puts it into the options; gives the place its key came from.
    ///
    /// # Errors
    /// When there is none, or a budget in dollars cannot be kept with it.
    pub async fn find_server(&mut self, args: &ModelArgs) -> Result<String, Failure> {
        find_server(&self.ground, &mut self.options, args).await
    }
}

/// Finds the model server and puts it into the options; gives the place its key came from.
///
/// # Errors
/// When there is none, or a budget in dollars cannot be kept with it.
pub(super) async fn find_server(
    ground: &Ground,
    options: &mut Options,
    args: &ModelArgs,
) -> Result<String, Failure> {
    let (backend, model) = server(ground, args).await?;
    price_is_known(ground, &backend.endpoint, &model)?;
    let provider = backend.endpoint.name.clone();
    options.model = ModelRef { provider, model };
    options.endpoint = backend.endpoint;
    Ok(backend.key_source)
}

/// Options with everything but a model server: enough to judge calls.
///
/// # Errors
/// When a folder is not there or the mode is forbidden.
pub fn unserved(ground: &Ground, args: &PermissionArgs) -> Result<Options, Failure> {
    let nowhere = ModelRef {
        provider: "none".to_owned(),
        model: "none".to_owned(),
    };
    let secrets = secrets::collect(ground);
    Ok(Options {
        data: ground.folders.data.clone(),
        place: PlaceOptions {
            cwd: ground.place.cwd.clone(),
            root: ground.place.root.clone(),
            added: permission::added(ground, args)?,
            home: ground.environment.home().map(PathBuf::from),
        },
        sources: ground.sources.clone(),
        permission: PermissionOptions {
            mode: permission::mode(ground)?,
            rules: permission::rules(ground),
            settings_files: permission::protected(ground),
        },
        model: nowhere,
        endpoint: Endpoint::new("none", Wire::OpenAiChat, "http://127.0.0.1"),
        prompt: PromptOptions::default(),
        limits: Limits::default(),
        commands: commands::given(ground, &secrets),
        secrets,
        source: Arc::new(SystemSource::new()),
        crash: None,
    })
}

/// The server and the model: as said, else the usual local servers are asked.
///
/// # Errors
/// When nothing names a server that can be used, and no local one answers.
pub async fn server(ground: &Ground, args: &ModelArgs) -> Result<(Backend, String), Failure> {
    let wanted = model::wanted(ground, args)?;
    served(ground, args, wanted).await
}

/// The server of what was chosen by name.
pub(super) async fn served(
    ground: &Ground,
    args: &ModelArgs,
    wanted: Wanted,
) -> Result<(Backend, String), Failure> {
    let Wanted { provider, model } = wanted;
    let Some(provider) = provider else {
        return local::find(ground, model).await;
    };
    let backend = backend::backend(ground, args, &provider)?;
    let model = match model.or_else(|| backend.model.clone()) {
        Some(model) => model,
        None => local::first_model(&backend.endpoint).await?,
    };
    Ok((backend, model))
}

/// A budget in dollars means nothing for a model whose price nobody knows.
pub(super) fn price_is_known(
    ground: &Ground,
    endpoint: &Endpoint,
    model: &str,
) -> Result<(), Failure> {
    let Some(budget) = &ground.loaded.settings.budgets.usd else {
        return Ok(());
    };
    if actors::models::traits(endpoint, model)?.price.is_some() {
        return Ok(());
    }
    let (name, said) = (&endpoint.name, &budget.source);
    let budget = match said.layer {
        config::Layer::Flags => "--max-budget-usd".to_owned(),
        _ => format!("{said}: budgets.usd"),
    };
    Err(Failure::usage(
        format_args!("{budget}: the price of {name}/{model} is not known"),
        format_args!(
            "use --max-budget-tokens, or set providers.{name}.models.{model:?}.price in settings"
        ),
    ))
}

/// The data folder; a temporary one if nothing is to stay.
fn data(ground: &Ground, args: &RunArgs) -> Result<(PathBuf, Option<TempDir>), Failure> {
    if !args.session.no_session_persistence {
        return Ok((ground.folders.data.clone(), None));
    }
    let scratch = tempfile::Builder::new().prefix("formic-").tempdir();
    let scratch = scratch.map_err(|error| {
        Failure::new(
            Kind::Fault,
            format_args!("--no-session-persistence: no temporary folder: {error}"),
            "check TMPDIR and that the disk has room",
        )
    })?;
    Ok((scratch.path().to_owned(), Some(scratch)))
}

/// Today where the user is.
pub(super) fn today(source: &dyn Source) -> String {
    let millis = i64::try_from(source.now().0).unwrap_or(0);
    let now = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    now.to_zoned(jiff::tz::TimeZone::system())
        .date()
        .to_string()
}

/// Builds with debug assertions stop where the tests want them to; others do not know the variables.
#[cfg(debug_assertions)]
pub(super) fn crash(ground: &Ground) -> Result<Option<CrashPoint>, Failure> {
    use protocol::Seq;

    let seq = |variable: &str| {
        let text = ground.environment.get(variable)?;
        Some(text.parse().map(Seq).map_err(|_| {
            Failure::usage(
                format_args!("{variable}: {text:?} is not a record's number"),
                "write a whole number",
            )
        }))
    };
    let before = seq("FORMIC_CRASH_BEFORE").transpose()?;
    let after = seq("FORMIC_CRASH_AFTER").transpose()?;
    let unsynced = seq("FORMIC_CRASH_UNSYNCED").transpose()?;
    Ok(before
        .map(CrashPoint::Before)
        .or(after.map(CrashPoint::After))
        .or(unsynced.map(CrashPoint::Unsynced)))
}

#[cfg(not(debug_assertions))]
pub(super) fn crash(_: &Ground) -> Result<Option<CrashPoint>, Failure> {
    Ok(None)
}
