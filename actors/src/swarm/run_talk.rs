//! What a run's actor says to agents, and has said by those who draft its plan.

use std::sync::Arc;

use protocol::{Command, InterruptCause, NodeId};
use ractor::{ActorProcessingErr, ActorRef};
use scheduler::run::{RunCommand, RunInput, RunPhase};
use tokio::sync::{oneshot, watch};

use super::messages::RunMsg;
use super::run_actor::RunState;
use crate::agent_actor::{AgentMsg, CommandError, Status};

impl RunState {
    /// Has a plan made of what the planner chose, once it is through.
    pub(super) fn draft(&mut self, me: &ActorRef<RunMsg>) {
        let is_through = self.run.phase() == RunPhase::Planning
            && self.run.nodes().all(|(_, state)| state.is_over());
        if !is_through || std::mem::replace(&mut self.is_drafting, is_through) {
            return;
        }
        let (me, answer) = (me.clone(), self.answer.clone());
        let planning = self.site.intent.planning.clone();
        let draft = move || {
            let planning = planning.ok_or("make a plan: nothing is known of the repository")?;
            planning.proposal(answer.as_deref()).map(Box::new)
        };
        self.site.yard.effects.spawn(async move {
            let drafted = tokio::task::spawn_blocking(draft).await;
            let drafted = drafted.unwrap_or_else(|error| Err(error.to_string()));
            let _ = me.send_message(RunMsg::Drafted(drafted));
        });
    }

    pub(super) async fn propose(
        &mut self,
        proposal: Result<Box<RunCommand>, String>,
    ) -> Result<(), ActorProcessingErr> {
        self.is_drafting = false;
        let command = match proposal {
            Ok(proposal) => *proposal,
            Err(why) => RunCommand::Cancel {
                why: format!("could not {why}"),
            },
        };
        // Whatever came between, such as a cancellation, has the last word.
        let proposed = self.step(RunInput::Command(command)).await?;
        if proposed.is_ok() && self.site.intent.approves {
            let approve = RunCommand::Approve { plan: None };
            let _ = self.step(RunInput::Command(approve)).await?;
        }
        Ok(())
    }

    /// Takes a change of the plan, if that is what was asked for; whether there was one.
    pub(super) async fn takes_change(&mut self) -> Result<bool, ActorProcessingErr> {
        if !self.site.intent.approves {
            return Ok(false);
        }
        let Some(change) = self.run.change() else {
            return Ok(false);
        };
        let take = RunCommand::Replan {
            node: change.node,
            refused: None,
        };
        Ok(self.step(RunInput::Command(take)).await?.is_ok())
    }

    /// Says how far the run is to whoever watches it.
    pub(super) fn tell(&self) {
        let (phase, under_way) = (self.run.phase(), self.flights.len());
        let change = self.run.change();
        self.status.send_if_modified(|status| {
            let is_known = status.change.as_deref() == change.as_ref();
            let is_news = (status.phase, status.under_way) != (phase, under_way) || !is_known;
            (status.phase, status.under_way) = (phase, under_way);
            if !is_known {
                status.change = change.map(Arc::new);
            }
            is_news
        });
    }

    pub(super) fn tell_agent(
        &self,
        node: NodeId,
        command: Box<Command>,
        answer: oneshot::Sender<Result<(), CommandError>>,
    ) {
        let nobody = || {
            let why = format!("speak to node {node}: no agent of it is at work");
            CommandError::Illegal(why)
        };
        let Some(member) = self.crew.of(node) else {
            let _ = answer.send(Err(nobody()));
            return;
        };
        if let Err(refused) = member
            .actor
            .send_message(AgentMsg::Command(command, answer))
            && let ractor::MessagingErr::SendErr(AgentMsg::Command(_, answer)) = refused
        {
            let _ = answer.send(Err(nobody()));
        }
    }

    pub(super) fn interrupt(
        &self,
        node: NodeId,
        cause: InterruptCause,
    ) -> Option<watch::Receiver<Status>> {
        let member = self.crew.of(node)?;
        member.interrupt(cause);
        Some(member.status.clone())
    }
}
