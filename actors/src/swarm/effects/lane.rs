//! Moves branches of the user's repository: always in the one lane for that, under a permit, by compare-and-set.

use protocol::{Action, Claim, GitId};
use scheduler::run::RunOutcome;
use tools::WritePermit;
use workspace::{RefMove, Repo};

use super::Answer;
use crate::broker;
use crate::swarm::site::Site;

/// A batch on its way to the integration branch.
pub(super) struct Step {
    pub batch: u32,
    /// What kept its work until now.
    pub refs: Vec<String>,
}

/// Moves the integration branch. A branch that stands where it should go was moved by a former process: the same
/// answer.
pub(super) async fn advance(site: &Site, step: Step, (from, to): (GitId, GitId)) -> Answer {
    let batch = step.batch;
    let repo = repo(site)?;
    let reference = site.ground.integration.as_deref();
    let reference = reference.ok_or("move the integration branch: the run has none")?;
    let permit = permit(site, reference, &to).await?;
    let said = |error: workspace::GitError| error.to_string();
    // It is made when there is something to put on it: a run that integrates nothing leaves no branch behind.
    let may_be_missing = site.ground.base.as_ref() == Some(&from);
    let is_missing = may_be_missing && repo.get_ref(reference).await.map_err(said)?.is_none();
    let mut moved = RefMove::Found(None);
    if !is_missing {
        moved = repo.update_ref(reference, &to, &from).await.map_err(said)?;
    }
    if moved == RefMove::Found(None) {
        moved = repo.create_ref(reference, &to).await.map_err(said)?;
    }
    let outcome = match moved {
        RefMove::Done => {
            // The branch has it.
            site.yard.chores.lets_go(step.refs);
            RunOutcome::Advanced { batch, to }
        }
        RefMove::Found(Some(now)) => RunOutcome::Moved { batch, now },
        RefMove::Found(None) => return Err(format!("find the branch {reference}: it is gone")),
    };
    Ok((Some(outcome), Some(permit)))
}

/// Brings the result to the user's branch, or leaves it on the run's own.
pub(super) async fn land(site: &Site, stands: Option<GitId>, commit: GitId) -> Answer {
    let repo = repo(site)?;
    let ground = &site.ground;
    let base = stands.as_ref().ok_or("land: the run has no base")?;
    let fallback = ground.integration.as_deref().unwrap_or_default();
    let fallback = fallback.strip_prefix("refs/heads/").unwrap_or(fallback);
    let target = ground.target.as_deref();
    let reference = format!("refs/heads/{}", target.unwrap_or(fallback));
    let permit = permit(site, &reference, &commit).await?;
    let landing = repo.land(target, base, &commit, fallback).await;
    let mut landing = landing.map_err(|error| error.to_string())?;
    if landing.is_fast_forward && !fallback.is_empty() {
        // All of it is on the user's branch: the one that collected it goes, or is named.
        let stays = match repo.take_away(fallback, &commit).await {
            Ok(stays) => stays,
            Err(error) => Some(format!("could not {error}")),
        };
        landing.remark = stays.map(|why| format!("the branch {fallback} stays: {why}"));
    }
    Ok((Some(RunOutcome::Landed(landing)), Some(permit)))
}

fn repo(site: &Site) -> Result<&Repo, String> {
    let git = site.git.as_ref();
    let none = "move a branch: this run has no git repository";
    git.map(|git| &git.repo).ok_or_else(|| none.to_owned())
}

/// Waits in the lane of the branches. What a branch is moved for is durable before it moves.
async fn permit(site: &Site, reference: &str, to: &GitId) -> Result<WritePermit, String> {
    let claim = Claim {
        tool: "integrate".to_owned(),
        action: Action::Integrate {
            reference: reference.to_owned(),
            to: to.clone(),
        },
    };
    let resolution = broker::resolve(&site.base.broker, &site.law, &claim).await?;
    site.base.sync().await.map_err(|down| down.to_string())?;
    let lane = resolution.lane.acquire().await;
    let denied = || format!("move {reference}: {}", resolution.verdict.reason().text);
    lane.permit(&claim, &resolution.verdict).ok_or_else(denied)
}
