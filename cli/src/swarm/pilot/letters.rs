//! What other processes want of the run is carried out and answered, whatever else goes on.

use actors::RunCommand;
use protocol::{Block, NodeId, NodeName};

use views::NodeState;

use super::Pilot;
use crate::failure::Failure;
use crate::swarm::inbox::{Letter, Want};

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
                self.show.note(&format!("from outside: could not {why}"));
            }
            self.inbox.answer(letter, &outcome)?;
        }
        match letters.is_empty() {
            true => Ok(()),
            false => self.catch_up().await,
        }
    }

    async fn carry_out(&mut self, letter: &Letter) -> Result<(), String> {
        let command = match letter.want.clone()? {
            Want::Cancel(why) => RunCommand::Cancel { why },
            Want::End(name, why) => RunCommand::End {
                node: self.node(&name)?,
                why,
            },
            Want::Pause => RunCommand::Pause,
            Want::Unpause => RunCommand::Unpause,
            Want::Retry(name) => RunCommand::Retry {
                node: self.node(&name)?,
            },
            Want::Steer(name, text) => {
                let node = self.node(&name)?;
                if self.heard.has(letter, node) {
                    return Ok(());
                }
                let content = vec![Block::Text(text.into())];
                let told = self.swarm.steer(node, content).await;
                return told.map_err(|error| error.to_string());
            }
        };
        let done = self.swarm.command(command).await;
        done.map_err(|error| self.by_name(&error.to_string()))
    }

    /// Whether a letter is for an agent that is on its way to its node: brought back after a crash, or waiting for a tree.
    fn may_be_heard_later(&self, letter: &Letter) -> bool {
        let Ok(Want::Steer(name, _)) = &letter.want else {
            return false;
        };
        let mut nodes = self.show.view.nodes.iter();
        nodes.any(|node| node.node.name == *name && node.state == NodeState::Working)
    }

    /// A text with the names of nodes in place of their ids.
    fn by_name(&self, text: &str) -> String {
        let nodes = self.show.view.nodes.iter();
        nodes.fold(text.to_owned(), |text, node| {
            text.replace(&node.id().to_string(), node.name())
        })
    }

    fn node(&self, name: &NodeName) -> Result<NodeId, String> {
        let mut nodes = self.show.view.nodes.iter();
        let node = nodes.find(|node| node.node.name == *name);
        let known = node.map(views::SwarmNode::id);
        known.ok_or_else(|| format!("find a node called {name}"))
    }
}
