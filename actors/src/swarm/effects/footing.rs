//! Runs the plan's checks on what the work starts from, before any of it.

use std::path::Path;

use protocol::{Check, CheckRun, TreeStart};
use scheduler::run::RunOutcome;
use tokio_util::sync::CancellationToken;

use super::{Answer, command};
use crate::law::clear_temp;
use crate::swarm::outfit;
use crate::swarm::site::Site;

/// Runs all of them: whoever repairs a plan wants to know of each.
pub(super) async fn check(site: &Site, due: Vec<Check>, cancel: CancellationToken) -> Answer {
    let Some(_lane) = cancel.run_until_cancelled(site.yard.build.acquire()).await else {
        return Ok((None, None));
    };
    let runs = match (&site.git, &site.ground.base) {
        (Some(git), Some(base)) => {
            // The tree in which merged work is checked later: what is built there now is built already then.
            let name = format!("{} gate", site.id);
            let start = TreeStart::Commit(base.clone());
            // What a place is laid out anew for is durable first.
            site.base.sync().await.map_err(|down| down.to_string())?;
            let tree = git.trees.take(&name, &start, None).await;
            let tree = tree.map_err(|error| error.to_string())?;
            let runs = run(site, tree.root(), (&due, &cancel)).await;
            clear_temp(&site.options.data, tree.root()).await;
            runs?
        }
        (Some(_) | None, _) => run(site, &site.ground.root, (&due, &cancel)).await?,
    };
    let outcome = RunOutcome::Checked { runs };
    Ok(((!cancel.is_cancelled()).then_some(outcome), None))
}

async fn run(
    site: &Site,
    root: &Path,
    (due, cancel): (&[Check], &CancellationToken),
) -> Result<Vec<CheckRun>, String> {
    let law = outfit::law_of_checks(site, root, due).map_err(|error| error.to_string())?;
    let command = command::Order {
        site,
        law: &law,
        root,
        cancel,
    };
    let mut runs = Vec::new();
    for check in due {
        let Some(mut run) = command.check(check).await? else {
            break;
        };
        if !run.is_as_declared() && run.denied.is_none() {
            // Once more, because it may have been chance.
            match command.check(check).await? {
                Some(again) => run = again,
                None => break,
            }
        }
        runs.push(run);
    }
    Ok(runs)
}
