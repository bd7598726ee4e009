//! Sees a sub-agent through its one turn, beside the coordinator: has it begin, waits for its end, reads what became of
//! it.

use std::sync::Arc;

use protocol::{AgentId, Block, CallId, Command, NodeId, Seq, TurnId};
use ractor::ActorRef;
use tokio::sync::{oneshot, watch};

use super::CoordinatorMsg;
use super::brief::RecordReader;
use super::tidings::Tidings;
use crate::agent_actor::{CommandError, Status};
use crate::world::World;

/// A sub-agent's turn.
pub(super) struct Errand {
    pub call: CallId,
    pub prompt: String,
    /// What takes it up, if a former process had begun it.
    pub resume: Option<Command>,
    /// Where its records begin.
    pub from: Seq,
    pub world: Arc<World>,
    pub status: watch::Receiver<Status>,
    pub coordinator: ActorRef<CoordinatorMsg>,
    pub reader: RecordReader,
}

impl Errand {
    /// Tells the coordinator when the turn is over.
    pub(super) async fn see_through(mut self) {
        if let Some(resume) = self.resume.take() {
            // A failed actor is taken up again without it.
            let _ = self.tell(resume).await;
        }
        self.begin().await;
        let fault = match self
            .status
            .wait_for(|now| !now.busy || now.down.is_some())
            .await
        {
            Ok(now) => now.down.clone(),
            // The session is being closed; another process goes on.
            Err(_) => return,
        };
        self.world.commands.shells.end_all().await;
        let read = read(self.reader, (self.from, AgentId::of_call(self.call))).await;
        let tidings = read.map(|tidings| tidings.with(fault));
        let rested = CoordinatorMsg::Rested(NodeId::of_call(self.call), tidings.map(Box::new));
        let _ = self.coordinator.send_message(rested);
    }

    /// Has the turn begin, unless it has.
    async fn begin(&mut self) {
        let turn = TurnId::of_call(self.call);
        loop {
            let now = self.status.borrow_and_update().clone();
            if now.turn == Some(turn) || now.down.is_some() {
                return;
            }
            let mut context = self.world.context.first_turn();
            for text in &mut context {
                self.world.redactor.clean_text(text);
            }
            let mut content = vec![Block::Text(self.prompt.as_str().into())];
            self.world.redactor.clean_blocks(&mut content);
            let submit = Command::Submit {
                turn,
                context,
                content,
            };
            match self.tell(submit).await {
                Ok(()) | Err(CommandError::Illegal(_)) => return,
                // Its actor failed; it is taken up again, or given up.
                Err(CommandError::Stopped(_)) if self.status.changed().await.is_ok() => {}
                Err(CommandError::Stopped(_)) => return,
            }
        }
    }

    async fn tell(&self, command: Command) -> Result<(), CommandError> {
        let gone = || CommandError::Stopped("the session has stopped".to_owned());
        let (answer, taken) = oneshot::channel();
        let node = NodeId::of_call(self.call);
        let tell = CoordinatorMsg::Tell(node, Box::new(command), answer);
        self.coordinator.send_message(tell).map_err(|_| gone())?;
        taken.await.map_err(|_| gone())?
    }
}

/// What became of an agent, from the records since `from`.
///
/// # Errors
/// Why they cannot be read.
pub(super) async fn read(
    reader: RecordReader,
    (from, agent): (Seq, AgentId),
) -> Result<Tidings, String> {
    let read = move || reader(from).map(|records| Tidings::read(&records, agent));
    let read = tokio::task::spawn_blocking(read).await;
    read.unwrap_or_else(|error| Err(error.to_string()))
}
