//! How a run begins: what it stands on, its repository, and its first plan.

use std::path::PathBuf;
use std::sync::Arc;

use protocol::{
    Budget, Check, CheckDocument, Event, Ground, Isolation, Kind, Opening, Plan, PlanDocument,
    PlanEvent, Planner, SessionEvent, SessionId,
};
use scheduler::plan::{Defaults, normalise};
use scheduler::run::{Run, RunCommand, RunInput, decide};
use tokio::sync::OnceCell;
use workspace::{Repo, Standing};

use super::options::{Models, SwarmOptions};
use super::planner::{self, Planning};
use super::site::Git;
use crate::error::{LimitError, OpenError};
use crate::options::Options;
use crate::plans::{self, NO_WALLS, Start};
use crate::setup::{self, Ground as Setup};

/// What a run begins with.
pub(super) struct Beginning {
    pub ground: Ground,
    pub git: Option<Git>,
    pub proposal: RunCommand,
    /// What the plan is made of, if there is none yet.
    pub planning: Option<Arc<Planning>>,
}

/// The most files of a folder without git that a plan can be about.
const MOST_FILES: usize = 50_000;

/// What there is to stand on.
struct Found {
    ground: Ground,
    git: Option<Git>,
    files: Vec<String>,
    remarks: Vec<String>,
}

/// Finds out where the run's work goes, and makes its plan sound. Changes nothing.
///
/// # Errors
/// The repository does not allow it, or the plan has problems.
pub(super) async fn begin(
    options: &Options,
    swarm: &SwarmOptions,
    id: SessionId,
) -> Result<Beginning, OpenError> {
    let found = find(options, swarm, id).await?;
    match &swarm.plan {
        Some(document) => planned(options, (swarm, document), (id, found)),
        None => unplanned(options, swarm, (id, found)).await,
    }
}

fn planned(
    options: &Options,
    (swarm, document): (&SwarmOptions, &PlanDocument),
    (id, found): (SessionId, Found),
) -> Result<Beginning, OpenError> {
    let document = completed(document.clone(), swarm);
    let defaults = Defaults::default();
    let ground = plans::Ground {
        run: id,
        base: found.ground.base.as_ref(),
        files: &found.files,
        session_mode: options.permission.mode,
        defaults: &defaults,
    };
    let normal = normalise(&document, &ground).map_err(OpenError::Plan)?;
    let mut remarks = normal.remarks;
    remarks.extend(found.remarks);
    remarks.extend((!tools::walls_hold()).then(|| NO_WALLS.to_owned()));
    Ok(Beginning {
        ground: found.ground,
        git: found.git,
        proposal: RunCommand::Propose {
            plan: normal.plan,
            by: Planner::User,
            remarks,
        },
        planning: None,
    })
}

/// A run that begins with making its plan.
async fn unplanned(
    options: &Options,
    swarm: &SwarmOptions,
    (id, found): (SessionId, Found),
) -> Result<Beginning, OpenError> {
    let mut frame = planner::frame(id, &swarm.goal, &found.ground);
    frame.gate.clone_from(&swarm.gate);
    frame.budget.tokens = options.limits.tokens;
    frame.budget.cost = options.limits.cost;
    frame.caps.max_parallel = swarm.max_parallel.unwrap_or(frame.caps.max_parallel);
    let planning = survey(
        options,
        frame.clone(),
        (id, found.ground.root.clone(), found.files),
    );
    Ok(Beginning {
        planning: Some(planning.await?),
        ground: found.ground,
        git: found.git,
        proposal: RunCommand::Propose {
            plan: frame,
            by: Planner::Fallback,
            remarks: found.remarks,
        },
    })
}

/// Looks at the files a plan can be about, beside the actors.
async fn survey(
    options: &Options,
    frame: Plan,
    (id, root, files): (SessionId, PathBuf, Vec<String>),
) -> Result<Arc<Planning>, OpenError> {
    let mode = options.permission.mode;
    let look = move || {
        let files = match files.is_empty() {
            true => ::survey::list(&root, MOST_FILES),
            false => files,
        };
        Planning::new((&root, files), frame, (id, mode))
    };
    let looked = tokio::task::spawn_blocking(look).await;
    looked
        .map(Arc::new)
        .map_err(|error| OpenError::Stopped(error.to_string()))
}

/// What gives a run that is taken up again other limits, if any are wanted; and its plan with them.
///
/// # Errors
/// [`LimitError::Spent`]: more than a limit has been used already.
pub(super) fn limited(run: &Run, wanted: &Budget) -> Result<(Vec<Event>, Plan), OpenError> {
    let mut plan = run.proposed().unwrap_or(run.plan()).clone();
    if wanted.tokens.is_none() && wanted.cost.is_none() {
        return Ok((Vec::new(), plan));
    }
    let command = RunCommand::Limit { budget: *wanted };
    let events = decide(run, RunInput::Command(command)).map_err(LimitError::Spent)?;
    for event in &events {
        if let Event::Plan(PlanEvent::Patched { patch, .. }) = event {
            plan.budget = patch.budget.unwrap_or(plan.budget);
        }
    }
    Ok((events, plan))
}

/// What the plan of a run that is taken up again is made of, if it has none yet.
///
/// # Errors
/// The repository is not there any more.
pub(super) async fn planning(
    options: &Options,
    (run, frame): (&Run, &Plan),
    git: Option<&Git>,
) -> Result<Option<Arc<Planning>>, OpenError> {
    let is_frame =
        !frame.nodes.is_empty() && frame.nodes.iter().all(|node| node.kind == Kind::Plan);
    let Some(ground) = run.ground().filter(|_| is_frame) else {
        return Ok(None);
    };
    let files = match (git, &ground.base) {
        (Some(git), Some(base)) => git.repo.files(base).await?,
        _ => Vec::new(),
    };
    let look = survey(
        options,
        frame.clone(),
        (run.id(), ground.root.clone(), files),
    );
    look.await.map(Some)
}

/// What the options say wins over what the document says.
fn completed(mut document: PlanDocument, swarm: &SwarmOptions) -> PlanDocument {
    if let Some(check) = &swarm.gate {
        document.gate = Some(written(check));
    }
    if swarm.max_parallel.is_some() {
        document.caps.max_parallel = swarm.max_parallel;
    }
    document
}

/// A check as a document has it.
pub(super) fn written(check: &Check) -> CheckDocument {
    CheckDocument {
        cmd: check.cmd.clone(),
        timeout: Some(format!("{}ms", check.timeout_ms)),
        expect: check.expect,
    }
}

async fn find(options: &Options, swarm: &SwarmOptions, id: SessionId) -> Result<Found, OpenError> {
    let terrain = match &swarm.terrain {
        Some(terrain) => terrain.clone(),
        None => {
            let root = &options.place.root;
            plans::survey(root, swarm.isolation, swarm.target.as_deref()).await?
        }
    };
    Ok(match terrain.git {
        Some(start) => separate(options, id, start),
        None => shared(options, terrain.remarks),
    })
}

fn shared(options: &Options, remarks: Vec<String>) -> Found {
    Found {
        ground: Ground {
            root: options.place.root.clone(),
            isolation: Isolation::Shared,
            base: None,
            target: None,
            integration: None,
        },
        git: None,
        files: Vec::new(),
        remarks,
    }
}

fn separate(options: &Options, id: SessionId, start: Start) -> Found {
    let Start { repo, standing, .. } = start;
    let ground = Ground {
        root: repo.root().to_owned(),
        isolation: Isolation::Worktree,
        base: Some(start.base),
        target: start.target,
        integration: Some(integration(id, &standing)),
    };
    Found {
        git: Some(pool(options, repo)),
        ground,
        files: start.files,
        remarks: standing.remarks(),
    }
}

/// The branch that collects the integrated work.
fn integration(id: SessionId, standing: &Standing) -> String {
    // A branch `formic` leaves no room for branches below that name.
    let between = if standing.is_name_taken { '-' } else { '/' };
    format!("refs/heads/formic{between}{}", id.digits())
}

fn pool(options: &Options, repo: Repo) -> Git {
    let trees = repo.trees(options.data.join("trees"));
    let anchored = OnceCell::new();
    Git {
        repo,
        trees,
        anchored,
        readers: tokio::sync::Mutex::default(),
    }
}

/// The repository of a run that is taken up again.
///
/// # Errors
/// It is not there any more.
pub(super) async fn git(options: &Options, ground: &Ground) -> Result<Option<Git>, OpenError> {
    match ground.isolation {
        Isolation::Shared => Ok(None),
        Isolation::Worktree => {
            let repo = Repo::open(&ground.root).await?;
            Ok(Some(pool(options, repo)))
        }
    }
}

/// The opening of the run itself.
pub(super) fn opening(options: &Options, models: &Models) -> Result<Opening, OpenError> {
    let options = coordinators(options, models);
    let ground = Setup::new(&options)?;
    setup::opening(&options, &ground)
}

/// The fact that a new process has the run, as it is opened now.
pub(super) fn resumption(options: &Options, models: &Models) -> Result<Event, OpenError> {
    let options = coordinators(options, models);
    let ground = Setup::new(&options)?;
    Ok(Event::Session(SessionEvent::Resumed {
        limits: options.limits,
        mode: options.permission.mode,
        traits: ground.traits(&options),
        model: options.model,
        structured: false,
    }))
}

/// Money is kept within a limit only where every price is known.
///
/// # Errors
/// [`LimitError::Unpriced`]: the plan limits money, and nobody knows what a model of the run costs.
pub(super) fn prices(options: &Options, models: &Models, plan: &Plan) -> Result<(), OpenError> {
    let mut nodes = plan.nodes.iter();
    let has_limit = plan.budget.cost.is_some() || nodes.any(|node| node.budget.cost.is_some());
    let own = models.planner.iter().chain(models.tiers.values());
    let own = own.map(|at| (&at.endpoint, &at.model));
    let all = own.chain([(&options.endpoint, &options.model)]);
    for (endpoint, model) in all.filter(|_| has_limit) {
        if crate::models::traits(endpoint, &model.model)?
            .price
            .is_none()
        {
            return Err(LimitError::Unpriced(model.clone()).into());
        }
    }
    Ok(())
}

/// The options of the run itself: its model is the one that plans.
fn coordinators(options: &Options, models: &Models) -> Options {
    let mut options = options.clone();
    if let Some(planner) = &models.planner {
        options.endpoint = planner.endpoint.clone();
        options.model = planner.model.clone();
    }
    options
}
