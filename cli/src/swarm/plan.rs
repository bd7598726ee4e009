//! A plan from its file to something sound: read, with the flags of the command line, checked.

use std::path::Path;

use actors::plans::{self, Normal, Problem, Terrain, Unfit};
use config::{ConfigError, PlanFileError};
use protocol::{CheckDocument, Expect, Isolation, PlanDocument};

use crate::args::swarm::BeginArgs;
use crate::failure::Failure;
use crate::output;
use crate::resolve::swarm::SwarmRun;

/// Reads a plan file.
///
/// # Errors
/// A failure that names the flag, and file, line, column and field.
pub fn read(run: &SwarmRun, file: &Path, args: &BeginArgs) -> Result<PlanDocument, Failure> {
    let path = run.ground.environment.absolute(file);
    let document = config::read_plan(&path).map_err(|error| unreadable(&error))?;
    Ok(with_flags(document, run, args))
}

/// What flags say, and settings where the document is silent.
fn with_flags(mut document: PlanDocument, run: &SwarmRun, args: &BeginArgs) -> PlanDocument {
    let check = |cmd: &String| CheckDocument {
        cmd: cmd.clone(),
        timeout: None,
        expect: args.gate_expect.map(Expect::from).unwrap_or_default(),
    };
    if let Some(cmd) = &args.gate {
        document.gate = Some(check(cmd));
    } else if document.gate.is_none() {
        document.gate = run.wishes.gate.as_ref().map(check);
    }
    let lanes = document.caps.max_parallel.or(run.wishes.max_parallel);
    document.caps.max_parallel = args.crew.max_parallel.or(lanes);
    let limits = &run.options.limits;
    let usd = limits.cost.map(protocol::Cost::usd);
    document.budget.usd = least(document.budget.usd, usd);
    document.budget.tokens = least(document.budget.tokens, limits.tokens);
    document
}

/// The stricter of two limits.
fn least<T: PartialOrd>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) if b < a => Some(b),
        (Some(a), _) => Some(a),
        (None, b) => b,
    }
}

/// How nodes are to be kept apart, by flag, then by settings.
pub fn isolation(run: &SwarmRun, args: &BeginArgs) -> Option<Isolation> {
    args.isolation.map(Isolation::from).or(run.wishes.isolation)
}

/// What a run here would stand on.
///
/// # Errors
/// The repository's, or it has no such branch.
pub async fn survey(run: &SwarmRun, args: &BeginArgs) -> Result<Terrain, Failure> {
    let (root, target) = (&run.ground.place.root, args.target.as_deref());
    Ok(plans::survey(root, isolation(run, args), target).await?)
}

/// What a document would become here.
///
/// # Errors
/// Every problem of the document, one a line.
pub async fn rehearse(
    run: &SwarmRun,
    document: &PlanDocument,
    terrain: &Terrain,
) -> Result<Normal, Failure> {
    let mode = run.options.permission.mode;
    let root = &run.ground.place.root;
    let rehearsed = plans::rehearse(root, document, terrain, mode).await;
    rehearsed.map_err(|unfit| match unfit {
        Unfit::Plan(problems) => unsound(&problems),
        Unfit::Folder { .. } => Failure::usage(
            format_args!("could not {unfit}"),
            "check that the folder is there and may be read",
        ),
    })
}

/// Everything that is wrong with a plan: each problem on a line of its own, then what they come to.
pub fn unsound(problems: &[Problem]) -> Failure {
    for problem in problems {
        output::note(&format!("plan: {problem}"));
    }
    let codes: Vec<String> = problems
        .iter()
        .map(|problem| problem.code.to_string())
        .collect();
    Failure::usage(
        format_args!(
            "plan: {} in it: {}",
            super::words::count(problems.len(), "problem"),
            codes.join(", ")
        ),
        "mend them in the plan; `formic swarm --plan FILE --dry-run` checks it without doing anything",
    )
}

/// A plan file that cannot be read.
pub fn unreadable(error: &PlanFileError) -> Failure {
    let hint = match error {
        PlanFileError::File(ConfigError::Missing { .. }) => "check the path".to_owned(),
        PlanFileError::File(error) => error.hint(),
        PlanFileError::Fault { .. } => {
            "a plan is JSON (comments are allowed) or, in a file that ends in .toml, TOML; `formic swarm --help` shows one".to_owned()
        }
    };
    Failure::usage(format_args!("--plan: {error}"), hint)
}
