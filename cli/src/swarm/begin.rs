//! Begins a run or takes one up again, and hands it to the pilot.

use std::sync::Arc;

use actors::archive::{DataFolder, SessionInfo};
use actors::{OpenError, Past, Swarm, SwarmOptions};
use protocol::{Check, DEFAULT_CHECK_MS, Expect};

use super::inbox::{Inbox, Want};
use super::pilot::{Cockpit, Pilot, Terms};
use super::preview::{Edge, Preview, edges};
use super::screen::{Paper, Screen};
use super::show::{Form, Show};
use super::{choose, control, list, plan, words};
use crate::args::OutputFormat;
use crate::args::swarm::{BeginArgs, CrewArgs, ResumeArgs};
use crate::failure::{Failure, Kind};
use crate::output;
use crate::resolve::session::named;
use crate::resolve::swarm::{SwarmRun, unread};
use crate::run::signals::Stops;
use crate::run::stream::Stream;

/// Begins a run.
///
/// # Errors
/// Whatever kept it from beginning or from going on.
pub async fn begin(args: &BeginArgs) -> Result<u8, Failure> {
    let mut run = prepare(&args.crew)?;
    let file = args.plan.as_deref();
    let document = file.map(|file| plan::read(&run, file, args)).transpose()?;
    let mut derived = Vec::new();
    if let Some(document) = &document {
        let normal = plan::rehearse(&run, document, args).await?;
        derived = edges(&normal.plan, &normal.derived);
        if args.dry_run {
            // Prices are worth asking for; a missing server is nothing to fail for where nothing is done with it.
            let models = run.find_servers(&args.crew).await.ok();
            let tariff = models.map(|models| run.tariff(&models)).unwrap_or_default();
            let preview = Preview::new(normal.plan, derived, normal.remarks, &tariff);
            return rehearsed(&run, &preview, args.crew.output.format()).map(|()| 0);
        }
    }
    let goal = match (&args.goal, &document) {
        (Some(goal), _) if !goal.trim().is_empty() => goal.clone(),
        (_, Some(document)) => document.goal.clone(),
        _ => {
            return Err(Failure::usage(
                "GOAL: missing",
                "say what is to be done: formic swarm \"GOAL\"; or give a plan: formic swarm --plan FILE",
            ));
        }
    };
    let models = run.find_servers(&args.crew).await?;
    let tariff = run.tariff(&models);
    let gate = args
        .gate
        .as_ref()
        .or(run.wishes.gate.as_ref().filter(|_| document.is_none()));
    let wanted = SwarmOptions {
        goal,
        plan: document,
        isolation: plan::isolation(&run, args),
        target: args.target.clone(),
        max_parallel: args.crew.max_parallel.or(run.wishes.max_parallel),
        gate: gate.map(|cmd| Check {
            cmd: cmd.clone(),
            timeout_ms: DEFAULT_CHECK_MS,
            expect: Expect::Any,
        }),
        approve: false,
        models,
    };
    let mode = run.options.permission.mode;
    let terms = Terms {
        yes: args.crew.yes,
        dry_run: args.dry_run,
        tariff,
        mode,
        derived,
    };
    let rest = Rest::of(&mut run, &args.crew, terms)?;
    let swarm = Swarm::open(run.options, wanted, args.session_id).await;
    let swarm = swarm.map_err(unopened)?;
    rest.fly(swarm, Past::new()).await
}

/// Takes a run up again. One that another process has is told to go on there.
///
/// # Errors
/// Whatever kept it from going on.
pub async fn resume(args: &ResumeArgs) -> Result<u8, Failure> {
    let mut run = prepare(&args.crew)?;
    let data = DataFolder::at(&run.ground.folders.data);
    let info = match &args.run {
        Some(name) => {
            let id = named(&data, name)?;
            let info = list::runs(&data)?.into_iter().find(|info| info.id == id);
            info.ok_or_else(|| choose::no_run(id))?
        }
        None => newest_open(&run, &data)?,
    };
    let id = info.id;
    if let Some(pid) = info.locked_by {
        let answer = control::hand_over(&data, &info, &Want::Unpause).await?;
        return match answer {
            Some(Ok(())) => {
                output::line(&format!("run {}: it goes on in process {pid}", id.digits()))
                    .map(|()| 0)
            }
            Some(Err(_)) | None => Err(Failure::new(
                Kind::Session,
                format_args!(
                    "run {}: process {pid} has it, and it is not paused",
                    id.digits()
                ),
                "watch it there, or stop that process first",
            )),
        };
    }
    let models = run.find_servers(&args.crew).await?;
    let tariff = run.tariff(&models);
    let terms = Terms {
        yes: args.crew.yes,
        dry_run: false,
        tariff,
        mode: run.options.permission.mode,
        derived: Vec::<Edge>::new(),
    };
    let rest = Rest::of(&mut run, &args.crew, terms)?;
    let (swarm, past) = Swarm::resume(run.options, models, id)
        .await
        .map_err(unopened)?;
    rest.fly(swarm, past).await
}

fn prepare(args: &CrewArgs) -> Result<SwarmRun, Failure> {
    let run = SwarmRun::prepare(args)?;
    let warnings = run.ground.loaded.warnings.iter().map(ToString::to_string);
    for warning in warnings.chain(unread(&run.ground)) {
        output::note(&format!("warning: {warning}"));
    }
    Ok(run)
}

/// The newest run of this project that can go on: it is not over, or something of it was asked for that waits.
fn newest_open(run: &SwarmRun, data: &DataFolder) -> Result<SessionInfo, Failure> {
    let root = &run.ground.place.root;
    let waits = |info: &SessionInfo| {
        let letters = control::inbox(data, info.id).letters();
        list::is_open(info) || letters.is_ok_and(|letters| !letters.is_empty())
    };
    let mut runs = list::runs(data)?.into_iter();
    let found = runs.find(|info| choose::is_of(info, root) && waits(info));
    let info = found.ok_or_else(|| {
        Failure::new(
            Kind::Session,
            format_args!("swarm: there is no unfinished run of {}", root.display()),
            "`formic swarm ls` shows all runs",
        )
    })?;
    let goal = words::brief(info.facts.title.as_deref().unwrap_or_default(), 100);
    output::note(&format!("run {}: {goal}", info.id.digits()));
    Ok(info)
}

/// Prints a plan that is only looked at.
fn rehearsed(run: &SwarmRun, preview: &Preview, format: OutputFormat) -> Result<(), Failure> {
    let environment = &run.ground.environment;
    match format {
        OutputFormat::Text => output::line(&preview.text(Paper::find(environment))),
        OutputFormat::Json | OutputFormat::StreamJson | OutputFormat::Events => {
            output::json(&preview.json())
        }
    }
}

/// A run that could not be begun; a plan's problems are told one by one.
fn unopened(error: OpenError) -> Failure {
    match error {
        OpenError::Plan(problems) => plan::unsound(&problems),
        error => error.into(),
    }
}

/// What the pilot needs, gathered before the options are given away.
struct Rest {
    form: Form,
    stops: Stops,
    data: DataFolder,
    source: Arc<dyn actors::Source>,
    retries: Option<u32>,
    terms: Terms,
}

impl Rest {
    fn of(run: &mut SwarmRun, args: &CrewArgs, terms: Terms) -> Result<Self, Failure> {
        let environment = run.ground.environment.clone();
        Ok(Self {
            form: Form {
                format: args.output.format(),
                is_verbose: args.output.verbose,
                screen: Screen::find(&environment),
                environment,
            },
            stops: Stops::listen(run.timeout)?,
            data: DataFolder::at(&run.options.data),
            source: run.options.source.clone(),
            retries: run.options.limits.retries,
            terms,
        })
    }

    async fn fly(self, swarm: Swarm, past: Past) -> Result<u8, Failure> {
        let stream = Stream::new(swarm.id(), self.source.clone(), self.retries);
        let inbox: Inbox = control::inbox(&self.data, swarm.id());
        let cockpit = Cockpit {
            show: Show::new(self.form, stream),
            stops: self.stops,
            inbox,
            source: self.source,
            terms: self.terms,
        };
        Pilot::new(swarm, past, cockpit).fly().await
    }
}
