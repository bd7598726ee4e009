//! What other processes may want of a run: as a command to it, as words for people, and as JSON.

use actors::RunCommand;
use protocol::{NodeName, Timestamp};
use serde_json::{Value, json};
use views::{Swarm, SwarmNode};

use super::words;

/// What another process wants of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// Give it up.
    Cancel(String),
    /// End one node of it, and go on with the rest.
    End(NodeName, String),
    /// Start nothing new.
    Pause,
    /// Go on.
    Unpause,
    /// Try a node again.
    Retry(NodeName),
    /// Say something to a node's agent.
    Steer(NodeName, String),
}

/// A node of a run by its name.
///
/// # Errors
/// A fragment that reads after "could not".
pub fn node<'a>(view: &'a Swarm, name: &NodeName) -> Result<&'a SwarmNode, String> {
    let mut nodes = view.nodes.iter();
    let node = nodes.find(|node| node.node.name == *name);
    node.ok_or_else(|| format!("find a node called {name}"))
}

/// A text with the names of nodes in place of their ids.
pub fn by_name(view: &Swarm, text: &str) -> String {
    let nodes = view.nodes.iter();
    nodes.fold(text.to_owned(), |text, node| {
        text.replace(&node.id().to_string(), node.name())
    })
}

impl Want {
    /// The command it is to a run; `None` for words, which are for an agent.
    ///
    /// # Errors
    /// The run has no such node.
    pub fn command(&self, view: &Swarm) -> Result<Option<RunCommand>, String> {
        Ok(Some(match self {
            Self::Cancel(why) => RunCommand::Cancel { why: why.clone() },
            Self::End(name, why) => RunCommand::End {
                node: node(view, name)?.id(),
                why: why.clone(),
            },
            Self::Pause => RunCommand::Pause,
            Self::Unpause => RunCommand::Unpause,
            Self::Retry(name) => RunCommand::Retry {
                node: node(view, name)?.id(),
            },
            Self::Steer(..) => return Ok(None),
        }))
    }

    /// Whether both come to the same; the first reason that is given is the one that counts.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cancel(_), Self::Cancel(_)) => true,
            (Self::End(one, _), Self::End(other, _)) => one == other,
            _ => self == other,
        }
    }

    /// Whether the other may have to be said again after this: it is about the whole run, or ends or begins the node.
    pub(super) fn may_undo(&self, other: &Self) -> bool {
        match self {
            Self::Cancel(_) | Self::Pause | Self::Unpause => true,
            Self::End(node, _) | Self::Retry(node) => other.node() == Some(node),
            Self::Steer(..) => false,
        }
    }

    fn node(&self) -> Option<&NodeName> {
        match self {
            Self::End(node, _) | Self::Retry(node) | Self::Steer(node, _) => Some(node),
            Self::Cancel(_) | Self::Pause | Self::Unpause => None,
        }
    }

    /// As the command line has it.
    pub fn said(&self) -> String {
        match self {
            Self::Cancel(_) => "cancel".to_owned(),
            Self::End(node, _) => format!("cancel {node}"),
            Self::Pause => "pause".to_owned(),
            Self::Unpause => "resume".to_owned(),
            Self::Retry(node) => format!("retry {node}"),
            Self::Steer(node, text) => format!("steer {node} {:?}", words::brief(text, 60)),
        }
    }

    pub(super) fn json(&self, at: Timestamp) -> Value {
        let at = at.0;
        match self {
            Self::Cancel(why) => json!({"at": at, "want": "cancel", "why": why}),
            // Not a cancellation with a node: a reader that overlooked the node would give the whole run up.
            Self::End(node, why) => json!({"at": at, "want": "end", "node": node, "why": why}),
            Self::Pause => json!({"at": at, "want": "pause"}),
            Self::Unpause => json!({"at": at, "want": "unpause"}),
            Self::Retry(node) => json!({"at": at, "want": "retry", "node": node}),
            Self::Steer(node, text) => {
                json!({"at": at, "want": "steer", "node": node, "text": text})
            }
        }
    }

    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        let text = |key: &str| {
            let text = value[key].as_str();
            text.ok_or_else(|| format!("it has no {key:?}"))
        };
        match text("want")? {
            "cancel" => Ok(Self::Cancel(text("why")?.to_owned())),
            "end" => Ok(Self::End(text("node")?.into(), text("why")?.to_owned())),
            "pause" => Ok(Self::Pause),
            "unpause" => Ok(Self::Unpause),
            "retry" => Ok(Self::Retry(text("node")?.into())),
            "steer" => Ok(Self::Steer(text("node")?.into(), text("text")?.to_owned())),
            other => Err(format!("nobody here knows how to {other:?}")),
        }
    }
}
