//! Has a change of the plan taken or turned down: by what was said at the start, by the person at the terminal, or by
//! nobody.

use actors::{Change, CommandError, RunCommand, Swarm};
use protocol::InterruptCause;
use views::PlanChange;

use super::ask::Asker;
use super::pilot::Terms;
use super::show::Show;
use super::words;
use crate::failure::Failure;
use crate::run::signals::Stops;

/// Who is asked, and where.
pub struct Asked<'a> {
    swarm: &'a Swarm,
    show: &'a mut Show,
    stops: &'a mut Stops,
    terms: &'a Terms,
}

impl<'a> Asked<'a> {
    /// About a change of this run: where it is shown, what may stop the question, what was said of approval.
    pub fn of(
        swarm: &'a Swarm,
        (show, stops): (&'a mut Show, &'a mut Stops),
        terms: &'a Terms,
    ) -> Self {
        Self {
            swarm,
            show,
            stops,
            terms,
        }
    }

    /// Answers; gives what stopped it before there was an answer.
    ///
    /// # Errors
    /// When the run cannot go on.
    pub async fn answer(self, change: &Change) -> Result<Option<InterruptCause>, Failure> {
        let swarm = self.swarm.clone();
        let refused = match self.refused(change).await {
            Ok(refused) => refused,
            Err(cause) => return Ok(Some(cause)),
        };
        let node = change.node;
        match swarm.command(RunCommand::Replan { node, refused }).await {
            // What came between, such as a cancellation, has the last word.
            Ok(()) | Err(CommandError::Illegal(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Why it is turned down; `None` if it is not.
    async fn refused(self, change: &Change) -> Result<Option<String>, InterruptCause> {
        if self.terms.yes {
            return Ok(None);
        }
        if !self.show.screen().is_answering {
            let why = "nobody was there to look at it, and --yes was not given";
            return Ok(Some(why.to_owned()));
        }
        let shown = PlanChange {
            why: change.why.clone(),
            lines: self.show.view.diff(&change.patch),
        };
        let text = format!("a change of the plan: {}", words::change(&shown));
        self.show.note(&words::safe(&text));
        let mut asker = Asker::new(self.swarm.id(), self.terms.mode);
        Ok(match asker.ask_change(self.stops).await? {
            Some(true) => None,
            Some(false) => Some("by the user".to_owned()),
            None => Some("nobody was there to look at it".to_owned()),
        })
    }
}
