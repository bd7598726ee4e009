//! A change of the plan is taken or turned down: by what was said at the start, by the person at the terminal, or by
//! nobody.

use std::sync::Arc;

use actors::{Change, CommandError, RunCommand};
use views::{NodeState, Phase, PlanChange};

use super::Pilot;
use crate::failure::Failure;
use crate::swarm::ask::{Question, Verdict};
use crate::swarm::words;

impl Pilot {
    /// Has a change of the plan that waits answered, or asks about it.
    pub(super) async fn change(&mut self) -> Result<(), Failure> {
        let Some(change) = self.swarm.change() else {
            return Ok(());
        };
        self.catch_up().await?;
        if self.terms.yes || !self.show.screen().is_answering {
            let why = "nobody was there to look at it, and --yes was not given";
            let refused = (!self.terms.yes).then_some(why);
            // What came between, such as a cancellation, has the last word.
            let settled = self.settle(&change, refused).await;
            return self.reply(&change, settled).map(|_| ());
        }
        let shown = PlanChange {
            why: change.why.clone(),
            lines: self.show.view.diff(&change.patch),
        };
        let text = format!(
            "a change of the plan waits for an answer:\n{}",
            words::change(&shown)
        );
        self.show.note(&words::safe(&text));
        self.ask(Question::Change(change)).await;
        Ok(())
    }

    /// Does what a person said of a change.
    pub(super) async fn of_change(
        &mut self,
        change: Arc<Change>,
        said: Option<&str>,
    ) -> Result<(), Failure> {
        let refused = match Verdict::of(said) {
            Verdict::Taken => None,
            Verdict::Refused => Some("the user rejected it"),
            Verdict::Nobody => Some("nobody was there to look at it"),
            Verdict::Unclear => {
                self.misheard(Question::Change(change), said.unwrap_or_default());
                return Ok(());
            }
        };
        let settled = match self.swarm.change().as_ref() == Some(&change) {
            true => self.settle(&change, refused).await,
            // Never one that was not shown: the run has gone on since.
            false => Err(CommandError::Illegal("take it as it was".to_owned())),
        };
        if let Some(late) = self.reply(&change, settled)? {
            self.show.note(&late);
        }
        Ok(())
    }

    async fn settle(&self, change: &Change, refused: Option<&str>) -> Result<(), CommandError> {
        let replan = RunCommand::Replan {
            node: change.node,
            refused: refused.map(str::to_owned),
        };
        self.swarm.command(replan).await
    }

    fn reply(
        &self,
        change: &Change,
        settled: Result<(), CommandError>,
    ) -> Result<Option<String>, Failure> {
        let node = self.show.view.node(change.node);
        let name = node.map_or("NODE", views::SwarmNode::name);
        reply(settled, (&self.swarm.id().digits(), name))
    }

    /// Why a change is not asked about any more, or not now.
    pub(super) fn change_settled(&self, change: &Change) -> String {
        let what = match &self.show.view.phase {
            Phase::Cancelled(_) | Phase::Closed | Phase::Rejected(_) => {
                "the run goes no further".to_owned()
            }
            Phase::Planning | Phase::Proposed | Phase::Running | Phase::Paused => {
                let now = self.swarm.change().map(|now| now.node);
                let node = self.show.view.node(change.node);
                match node.map(|node| (node.name(), node.state)) {
                    Some((name, state)) if is_end(state) => {
                        format!("{name} has ended meanwhile ({})", state.name())
                    }
                    None => "the plan was changed meanwhile".to_owned(),
                    Some((name, _)) if now == Some(change.node) => {
                        format!("the plan went on meanwhile, and another change fits {name} now")
                    }
                    Some(_) if now.is_some() => {
                        return "another change of the plan comes first: this one is asked about after it".to_owned();
                    }
                    Some(_) => "the plan went on meanwhile".to_owned(),
                }
            }
        };
        format!("{what}: this change of the plan is not asked about any more")
    }
}

const fn is_end(state: NodeState) -> bool {
    match state {
        NodeState::Done | NodeState::Failed | NodeState::Skipped | NodeState::Cancelled => true,
        NodeState::Working
        | NodeState::Inspecting
        | NodeState::InBatch
        | NodeState::Queued
        | NodeState::Ready
        | NodeState::Waiting => false,
    }
}

/// What is left to be said to the person whose answer about a node of a run was handed on: an answer that came too late is
/// not passed over in silence.
fn reply(
    settled: Result<(), CommandError>,
    (run, node): (&str, &str),
) -> Result<Option<String>, Failure> {
    match settled {
        Ok(()) => Ok(None),
        Err(CommandError::Illegal(_)) => Ok(Some(format!(
            "the plan went on meanwhile and this change of it no longer fits: it was not made; see how the run stands with `formic swarm show {run}`, and try a node again that was given up with `formic swarm retry {run} {node}`"
        ))),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_came_too_late_is_told_so_and_what_can_be_done() {
        let told = |settled| reply(settled, ("0123456789ab", "a"));
        assert_eq!(told(Ok(())).unwrap(), None);
        let late = told(Err(CommandError::Illegal("take it".to_owned()))).unwrap();
        let late = late.unwrap();
        for part in [
            "the plan went on meanwhile and this change of it no longer fits",
            "formic swarm show 0123456789ab",
            "formic swarm retry 0123456789ab a",
        ] {
            assert!(late.contains(part), "{late}");
        }
        assert!(!late.contains('\n'));
        assert!(told(Err(CommandError::Stopped("the disk is full".to_owned()))).is_err());
    }
}
