//! Begins a run or takes one up again, and hands it to the pilot.

use std::sync::Arc;

use actors::archive::DataFolder;
use actors::{OpenError, Past, Swarm, SwarmOptions};
use protocol::{Check, DEFAULT_CHECK_MS, Expect, SessionId};

use super::inbox::{Inbox, Want};
use super::pilot::{Cockpit, Pilot, Terms};
use super::preview::{Edge, Preview, edges};
use super::screen::{Paper, Screen};
use super::show::{Form, Show};
use super::{control, list, plan};
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
            let prices = models.map(|models| run.prices(&models)).unwrap_or_default();
            let preview = Preview::new(normal.plan, derived, normal.remarks, &prices);
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
    let prices = run.prices(&models);
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
        prices,
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
    let id = match &args.run {
        Some(name) => named(&data, name)?,
        None => newest_open(&run, &data)?,
    };
    let info = list::runs(&data)?.into_iter().find(|info| info.id == id);
    let info = info.ok_or_else(|| list::no_run(id))?;
    if let Some(pid) = info.locked_by {
        let answer = control::hand_over(&data, &info, &Want::Unpause).await?;
        return match answer {
            Some(Ok(())) => {
                output::line(&format!("run {id}: it goes on in process {pid}")).map(|()| 0)
            }
            Some(Err(_)) | None => Err(Failure::new(
                Kind::Session,
                format_args!("run {id}: process {pid} has it, and it is not paused"),
                "watch it there, or stop that process first",
            )),
        };
    }
    let models = run.find_servers(&args.crew).await?;
    let prices = run.prices(&models);
    let terms = Terms {
        yes: args.crew.yes,
        dry_run: false,
        prices,
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

/// The newest run of this folder that is not over.
fn newest_open(run: &SwarmRun, data: &DataFolder) -> Result<SessionId, Failure> {
    let cwd = Some(run.ground.place.cwd.clone());
    let runs = list::runs(data)?;
    let mut open = runs.iter().filter(|info| list::is_open(info));
    let found = open.find(|info| info.facts.cwd == cwd);
    found.map(|info| info.id).ok_or_else(|| {
        Failure::new(
            Kind::Session,
            format_args!(
                "swarm: there is no unfinished run of {}",
                run.ground.place.cwd.display()
            ),
            "`formic swarm ls` shows all runs",
        )
    })
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
