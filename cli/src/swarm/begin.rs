//! Begins a run or takes one up again, and hands it to the pilot.

use std::sync::Arc;

use actors::archive::{self, DataFolder, SessionInfo};
use actors::{OpenError, Swarm, SwarmOptions};
use protocol::{Budget, Check, DEFAULT_CHECK_MS, Expect, SessionId};

use super::begun::Begun;
use super::inbox::{Heard, Inbox};
use super::list::Outcome;
use super::pilot::{Cockpit, Pilot, Terms};
use super::preview::{Edge, Preview, edges};
use super::screen::{Paper, Screen};
use super::show::{Form, Show};
use super::want::Want;
use super::{choose, control, plan, words};
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
    let (mut derived, mut terrain) = (Vec::new(), None);
    if document.is_some() || args.target.is_some() {
        terrain = Some(plan::survey(&run, args).await?);
    }
    if let (Some(document), Some(found)) = (&document, &terrain) {
        let normal = plan::rehearse(&run, document, found).await?;
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
    let gate = gate(&run, args, document.is_some());
    let wanted = SwarmOptions {
        goal,
        plan: document,
        isolation: plan::isolation(&run, args),
        terrain,
        target: args.target.clone(),
        max_parallel: args.crew.max_parallel.or(run.wishes.max_parallel),
        gate,
        approve: false,
        models,
    };
    let mode = run.options.permission.mode;
    let terms = Terms {
        yes: args.crew.yes,
        is_fresh: args.crew.yes && args.plan.is_some(),
        dry_run: args.dry_run,
        tariff,
        mode,
        derived,
    };
    let rest = Rest::of(&mut run, &args.crew, terms)?;
    let swarm = Swarm::open(run.options, wanted, args.session_id).await;
    let swarm = swarm.map_err(unopened)?;
    let show = rest.show(swarm.id());
    output::note(&format!("run {}", swarm.id().digits()));
    rest.fly(swarm, (show, Heard::default())).await
}

/// What the flag says must hold on the merged tree, else the settings: a plan that is there has theirs already.
fn gate(run: &SwarmRun, args: &BeginArgs, has_plan: bool) -> Option<Check> {
    let wished = run.wishes.gate.as_ref().filter(|_| !has_plan);
    args.gate.as_ref().or(wished).map(|cmd| Check {
        cmd: cmd.clone(),
        timeout_ms: DEFAULT_CHECK_MS,
        expect: args.gate_expect.map_or(Expect::Any, Expect::from),
    })
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
        None => newest_open(&run, &data, args.has_limit())?,
    };
    let seen = archive::glance(&data, id).ok().filter(|seen| seen.is_run);
    let seen = seen.ok_or_else(|| choose::no_run(id))?;
    if let Some(pid) = seen.locked_by {
        return unpause(&data, (id, pid), args).await;
    }
    let (limits, wanted) = (run.options.limits, &args.crew.limits);
    let more = Budget {
        // Only flags: what settings say of all runs was in force when this one began.
        tokens: wanted.max_budget_tokens.and(limits.tokens),
        cost: wanted.max_budget_usd.and(limits.cost),
        ..Budget::default()
    };
    let models = run.find_servers(&args.crew).await?;
    let tariff = run.tariff(&models);
    let terms = Terms {
        yes: args.crew.yes,
        is_fresh: false,
        dry_run: false,
        tariff,
        mode: run.options.permission.mode,
        derived: Vec::<Edge>::new(),
    };
    let mut rest = Rest::of(&mut run, &args.crew, terms)?;
    let (mut show, mut heard) = (rest.show(id), Heard::default());
    let mut begun = Begun::default();
    let swarm = Swarm::resume(run.options, models, (id, more), |record| {
        show.remember(record);
        heard.remember(record);
        begun.remember(record);
    });
    let swarm = swarm.await.map_err(unopened)?;
    begun.teach(&show.view, &mut rest.terms.tariff);
    rest.fly(swarm, (show, heard)).await
}

/// Has the process that has a run go on with it.
async fn unpause(
    data: &DataFolder,
    (id, pid): (SessionId, u32),
    args: &ResumeArgs,
) -> Result<u8, Failure> {
    if args.has_limit() {
        return Err(Failure::new(
            Kind::Session,
            format_args!("run {}: process {pid} has it", id.digits()),
            "stop that process first: limits are set when a run is taken up again",
        ));
    }
    let answer = control::hand_over(data, (id, Some(pid)), &Want::Unpause).await?;
    match answer {
        Some(Ok(())) => {
            let told = format!("run {}: it goes on in process {pid}", id.digits());
            output::line(&told).map(|()| 0)
        }
        Some(Err(why)) => Err(Failure::new(
            Kind::Session,
            format_args!(
                "run {}: process {pid} has it, and could not {why}",
                id.digits()
            ),
            format_args!("see how far it is: formic swarm show {}", id.digits()),
        )),
        None => Err(Failure::new(
            Kind::Session,
            format_args!(
                "run {}: process {pid} has it and has not answered yet",
                id.digits()
            ),
            format_args!(
                "it is told as soon as it looks; see: formic swarm show {}",
                id.digits()
            ),
        )),
    }
}

fn prepare(args: &CrewArgs) -> Result<SwarmRun, Failure> {
    let run = SwarmRun::prepare(args)?;
    let warnings = run.ground.loaded.warnings.iter().map(ToString::to_string);
    for warning in warnings.chain(unread(&run.ground)) {
        output::note(&format!("warning: {warning}"));
    }
    Ok(run)
}

/// The newest run of this project that can go on: it is not over, or something of it was asked for that waits, or it is
/// given more than it may use so far and ended for want of that.
fn newest_open(run: &SwarmRun, data: &DataFolder, has_more: bool) -> Result<SessionId, Failure> {
    let root = &run.ground.place.root;
    let waits = |id: SessionId| {
        let letters = control::inbox(data, id).letters();
        letters.is_ok_and(|letters| !letters.is_empty())
    };
    let ran_out = |info: &SessionInfo| Outcome::of(info) == Some(Outcome::Limited);
    let listed = has_more.then(|| archive::list(data)).transpose()?;
    let listed = listed.unwrap_or_default();
    let starved = |id: SessionId| listed.iter().any(|info| info.id == id && ran_out(info));
    let looked_at = archive::newest_first(data)?.into_iter().filter_map(|id| {
        // What cannot be read is no run to go on with.
        let seen = archive::glance(data, id).ok()?;
        let is_here = seen.is_run && choose::is_in(seen.cwd.as_deref(), root);
        (is_here && (seen.is_open || waits(id) || starved(id))).then_some((id, seen))
    });
    let (id, seen) = { looked_at }.next().ok_or_else(|| {
        Failure::new(
            Kind::Session,
            format_args!("swarm: there is no unfinished run of {}", root.display()),
            "`formic swarm ls` shows all runs; one that ended at a limit goes on with more: --max-budget-tokens N, --max-budget-usd X",
        )
    })?;
    let goal = words::brief(seen.title.as_deref().unwrap_or_default(), 100);
    output::note(&format!("run {}: {goal}", id.digits()));
    Ok(id)
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

    /// How the run is shown.
    fn show(&self, id: SessionId) -> Show {
        let stream = Stream::new(id, self.source.clone(), self.retries);
        Show::new(self.form.clone(), stream)
    }

    async fn fly(self, swarm: Swarm, (show, heard): (Show, Heard)) -> Result<u8, Failure> {
        let inbox: Inbox = control::inbox(&self.data, swarm.id());
        let cockpit = Cockpit {
            show,
            stops: self.stops,
            inbox,
            heard,
            source: self.source,
            terms: self.terms,
        };
        Pilot::new(swarm, cockpit).fly().await
    }
}
