//! What other processes want of the run is carried out and answered, whatever else goes on.

use actors::{CommandError, RunPhase};
use protocol::Block;
use views::NodeState;

use super::Pilot;
use crate::failure::Failure;
use crate::swarm::inbox::Letter;
use crate::swarm::want::{Want, by_name, node};
use crate::swarm::words;

impl Pilot {
    /// Carries out what other processes want.
    pub(super) async fn letters(&mut self) -> Result<(), Failure> {
        let letters = self.inbox.letters()?;
        for letter in &letters {
            let outcome = self.carry_out(letter).await;
            if outcome.is_err() && self.may_be_heard_later(letter) {
                continue;
            }
            if let Err(why) = &outcome {
                self.refuse(letter, why);
            }
            self.inbox.answer(letter, &outcome)?;
        }
        match letters.is_empty() {
            true => Ok(()),
            false => self.catch_up().await,
        }
    }

    async fn carry_out(&mut self, letter: &Letter) -> Result<(), String> {
        let want = letter.want.clone()?;
        let command = want.command(&self.show.view)?;
        let done = match (command, want) {
            (Some(command), want) => match self.swarm.command(command).await {
                // It is as was wanted.
                Err(CommandError::Illegal(_)) if want == Want::Pause && self.is_paused() => Ok(()),
                done => done,
            },
            (None, Want::Steer(name, text)) => {
                let node = node(&self.show.view, &name)?.id();
                if self.heard.has(letter, node) {
                    return Ok(());
                }
                let content = vec![Block::Text(text.into())];
                self.swarm.steer(node, content).await
            }
            (None, _) => Ok(()),
        };
        done.map_err(|error| by_name(&self.show.view, &error.to_string()))
    }

    fn is_paused(&self) -> bool {
        self.swarm.phase() == RunPhase::Paused
    }

    /// Says what of another process was refused, and why.
    fn refuse(&mut self, letter: &Letter, why: &str) {
        let age = words::age(self.source.now().since(letter.at));
        self.show.note(&match &letter.want {
            Ok(want) => {
                let said = want.said();
                format!("another process wanted, {age}: {said}; refused: could not {why}")
            }
            Err(_) => format!("another process left what nobody can read: {why}"),
        });
    }

    /// Whether a letter is for an agent that is on its way to its node: brought back after a crash, or waiting for a tree.
    fn may_be_heard_later(&self, letter: &Letter) -> bool {
        let Ok(Want::Steer(name, _)) = &letter.want else {
            return false;
        };
        let mut nodes = self.show.view.nodes.iter();
        nodes.any(|node| {
            let hears = node.node.kind.has_agent() && node.state == NodeState::Working;
            hears && node.node.name == *name
        })
    }
}
