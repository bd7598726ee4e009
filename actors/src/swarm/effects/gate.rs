//! Runs the checks of a batch on its merged commit, in a tree of its own.

use protocol::{Check, CheckRun, GitId, TreeStart};
use scheduler::run::{Run, RunOutcome};
use tokio_util::sync::CancellationToken;

use super::{Answer, command};
use crate::law::clear_temp;
use crate::swarm::outfit;
use crate::swarm::site::Site;

/// A batch to be gated.
pub(super) struct Order {
    batch: u32,
    commit: GitId,
    checks: Vec<Check>,
}

impl Order {
    pub(super) fn new(run: &Run, batch: u32, commit: GitId) -> Option<Self> {
        let taken = run.batch().filter(|taken| taken.number == batch)?;
        Some(Self {
            batch,
            commit,
            checks: run.checks(taken),
        })
    }
}

/// Stops at the first check that does not pass.
pub(super) async fn gate(site: &Site, order: Order, cancel: CancellationToken) -> Answer {
    let Order {
        batch,
        commit,
        checks,
    } = order;
    let running = run(site, &commit, (&checks, &cancel));
    let runs = match cancel.run_until_cancelled(site.yard.build.acquire()).await {
        Some(_lane) => running.await?,
        None => return Ok((None, None)),
    };
    if cancel.is_cancelled() {
        return Ok((None, None));
    }
    let outcome = RunOutcome::Gated {
        batch,
        commit,
        runs,
    };
    Ok((Some(outcome), None))
}

async fn run(
    site: &Site,
    commit: &GitId,
    (checks, cancel): (&[Check], &CancellationToken),
) -> Result<Vec<CheckRun>, String> {
    let git = site
        .git
        .as_ref()
        .ok_or("gate: this run has no git repository")?;
    let name = format!("{} gate", site.id);
    let start = TreeStart::Commit(commit.clone());
    // What a place is laid out anew for is durable first.
    site.base.sync().await.map_err(|down| down.to_string())?;
    let tree = git.trees.take(&name, &start, None).await;
    let tree = tree.map_err(|error| error.to_string())?;
    let law = outfit::law_of_checks(site, tree.root(), checks);
    let law = law.map_err(|error| error.to_string())?;
    let command = command::Order {
        site,
        law: &law,
        root: tree.root(),
        cancel,
    };
    let mut runs: Vec<CheckRun> = Vec::new();
    for check in checks {
        match command.check(check).await? {
            Some(run) => runs.push(run),
            None => break,
        }
        if runs.last().is_some_and(|run| !run.passed()) {
            break;
        }
    }
    clear_temp(&site.options.data, tree.root()).await;
    Ok(runs)
}
