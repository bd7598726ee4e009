//! The plan is approved, edited or turned down: by what was said at the start, by the person at the terminal, or by
//! nobody.

use actors::{CommandError, RunCommand, plans};
use protocol::Plan;
use views::Phase;

use super::{End, Pilot};
use crate::args::OutputFormat;
use crate::failure::Failure;
use crate::output;
use crate::swarm::ask::{Draft, Question, Wish};
use crate::swarm::editor::{self, Edited};
use crate::swarm::preview::Preview;
use crate::swarm::words;

impl Pilot {
    /// Has the plan approved, or asks about it; gives how it ends if there is nobody to ask.
    pub(super) async fn approval(&mut self) -> Result<Option<End>, Failure> {
        let preview = self.preview();
        self.tell_moved().await;
        if self.terms.yes && !self.terms.dry_run {
            for remark in &preview.remarks {
                self.show
                    .note(&format!("remark: {}", words::brief(remark, 400)));
            }
            let approve = RunCommand::Approve { plan: None };
            self.swarm.command(approve).await?;
            self.forecast = Some(preview.forecast);
            return Ok(None);
        }
        if self.terms.dry_run || !self.show.screen().is_answering {
            self.print(&preview)?;
            return Ok(Some(match self.terms.dry_run {
                true => End::Over,
                false => End::Unapproved,
            }));
        }
        self.show.note(&preview.text(self.show.paper()));
        let draft = Draft::new(self.swarm.id(), self.terms.mode, preview);
        self.ask(Question::Plan(Box::new(draft))).await;
        Ok(None)
    }

    /// Does what a person wants with the plan; gives how it ends if that ends it.
    pub(super) async fn of_plan(
        &mut self,
        mut draft: Box<Draft>,
        said: Option<&str>,
    ) -> Result<Option<End>, Failure> {
        let Some(said) = said else {
            if self.show.format() != OutputFormat::Text {
                self.print(&self.preview())?;
            }
            return Ok(Some(End::Unapproved));
        };
        match draft.hear(said) {
            Wish::Approve => {
                let (plan, preview) = draft.approved();
                self.forecast = Some(preview.forecast);
                self.tell_moved().await;
                return self.approve(plan).await.map(|()| None);
            }
            Wish::Reject => {
                let why = "turned down by the user".to_owned();
                let reject = RunCommand::Reject { why };
                return self.decide(reject).await.map(|()| None);
            }
            Wish::Edit => match editor::edit(&draft.text(), &mut self.stops).await? {
                Edited::Text(text) => {
                    let told = draft.take(text, (&self.terms.tariff, self.show.paper()));
                    told.iter().for_each(|line| self.show.note(line));
                }
                Edited::Failed(how) => {
                    self.show.note(&format!("{how}; the plan stays as it was"));
                }
                Edited::Stopped(cause) => return Ok(Some(End::Stopped(cause))),
            },
            Wish::Keep => {}
            Wish::Unclear => {
                self.misheard(Question::Plan(draft), said);
                return Ok(None);
            }
        }
        self.ask_again(Question::Plan(draft));
        Ok(None)
    }

    /// Why the plan is not asked about any more.
    pub(super) fn plan_settled(&self) -> String {
        let what = match &self.show.view.phase {
            Phase::Cancelled(_) | Phase::Closed | Phase::Rejected(_) => "the run goes no further",
            Phase::Planning | Phase::Proposed | Phase::Running | Phase::Paused => "it was settled",
        };
        format!("{what}: the plan is not asked about any more")
    }

    /// Says so, once, if there is more on the branch than the plan that is to be approved knows of.
    async fn tell_moved(&mut self) {
        if self.terms.is_fresh {
            return;
        }
        if let Some(ground) = &self.show.view.ground
            && let Some(moved) = plans::moved(ground).await
        {
            let said = format!(
                "warning: {moved} since this plan was made, and the work starts from where it was; begin anew for a plan of what is there now"
            );
            self.terms.is_fresh = true;
            self.show.note(&said);
        }
    }

    async fn approve(&self, plan: Option<Box<Plan>>) -> Result<(), Failure> {
        let plan = plan.map(|plan| *plan);
        self.decide(RunCommand::Approve { plan }).await
    }

    /// Has the run decide. One that was given up meanwhile tells so by its records, which are on their way.
    async fn decide(&self, command: RunCommand) -> Result<(), Failure> {
        match self.swarm.command(command).await {
            Err(CommandError::Illegal(_)) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn preview(&self) -> Preview {
        let view = &self.show.view;
        let derived = self.terms.derived.clone();
        Preview::new(
            view.plan(),
            derived,
            view.remarks.clone(),
            &self.terms.tariff,
        )
    }

    fn print(&mut self, preview: &Preview) -> Result<(), Failure> {
        self.show.clear();
        match self.show.format() {
            OutputFormat::Text => output::line(&preview.text(self.show.paper())),
            OutputFormat::Json | OutputFormat::StreamJson | OutputFormat::Events => {
                let mut object = preview.json();
                object["run_id"] = serde_json::json!(self.swarm.id());
                if !self.terms.dry_run {
                    object["error"] = self.unapproved().json();
                }
                self.show.object(object)
            }
        }
    }
}
