//! The outfit of a sub-agent: the session's own surroundings, its tools cut to its kind, its law never wider.

use std::sync::Arc;

use protocol::{Kind, Limits, Opening, Text};

use crate::setup::declared_bytes;
use crate::world::World;

/// What sub-agents are outfitted from.
pub(crate) struct Outfits {
    /// How a session with the options of this process would begin.
    pub opening: Opening,
    /// Goes after every system prompt.
    pub append: Option<String>,
    /// The surroundings of the session's own agent.
    pub world: Arc<World>,
}

impl Outfits {
    /// What a sub-agent works with, and how its part of the journal begins. Of the tools of its kind it gets those the
    /// session's own agent has; it is judged by the very same law.
    pub(super) fn cut(&self, kind: Kind, limits: Limits) -> (Arc<World>, Opening) {
        let own = &self.world;
        let wanted = agent::prompt::tools_of_subagent(kind);
        let declared = own.offer.declared.iter();
        let declared: Arc<[_]> = declared
            .filter(|tool| wanted.contains(&tool.name.as_str()))
            .cloned()
            .collect();
        let system = agent::prompt::system_of_subagent(kind, self.append.as_deref());
        let opening = Opening {
            system: Text::from(own.redactor.clean(&system).into_owned()),
            tools: declared.iter().map(|tool| tool.name.clone()).collect(),
            limits,
            tool_bytes: declared_bytes(&declared),
            ..self.opening.clone()
        };
        let mut world = own.beside();
        world.offer.declared = declared;
        world.effects = own.effects.clone();
        (Arc::new(world), opening)
    }
}
