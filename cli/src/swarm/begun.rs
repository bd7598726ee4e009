//! The models that nodes of a run were begun with, at the prices of then: what a forecast of it is counted at. Flags may
//! have named them, which no settings tell.

use std::collections::BTreeSet;

use protocol::{Event, Kind, ModelRef, NodeId, Price, Record, SessionEvent};
use views::Swarm;

use crate::resolve::swarm::Tariff;

/// What each node's first agent was begun with, in the order of the records.
#[derive(Default)]
pub struct Begun {
    models: Vec<(NodeId, ModelRef, Option<Price>)>,
    known: BTreeSet<NodeId>,
}

impl Begun {
    /// Takes in a record.
    pub fn remember(&mut self, record: &Record) {
        if let (Some(node), Event::Session(SessionEvent::Opened(opening))) =
            (record.node, &record.event)
            && self.known.insert(node)
        {
            let price = opening.traits.price;
            self.models.push((node, opening.model.clone(), price));
        }
    }

    /// Has a tariff tell these prices in the place of its own, for each tier that of its first node: a run that is taken up
    /// with others is still measured by what was foreseen.
    pub fn teach(&self, swarm: &Swarm, tariff: &mut Tariff) {
        let mut taught = BTreeSet::new();
        for (node, model, price) in &self.models {
            // A planner has its own model, and a node that is tried anew may have a stronger one than its tier's.
            let node = swarm.node(*node);
            let node = node.filter(|node| node.node.kind != Kind::Plan);
            if let Some(node) = node.filter(|node| taught.insert(node.node.tier)) {
                tariff.learn(node.node.tier, model, *price);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::{AgentId, Limits, ModelTraits, Opening, PermissionMode, Tier};

    use views::View;

    use super::*;
    use crate::swarm::sample;

    /// The first record of a node's agent, whose model costs so much.
    fn opened(node: NodeId, input: Option<f64>) -> Record {
        let price = input.map(|input| Price {
            input,
            output: 5.0,
            cache_read: 0.1,
            cache_write: 1.0,
            long: None,
        });
        let opening = Opening {
            cwd: "/w".into(),
            formic: "0".into(),
            mode: PermissionMode::Default,
            model: ModelRef {
                provider: "p".into(),
                model: "worker".into(),
            },
            traits: ModelTraits {
                context_window: None,
                max_output: 1,
                vision: false,
                price,
            },
            system: "s".into(),
            tools: Vec::new(),
            limits: Limits::default(),
            tool_bytes: 0,
        };
        let mut record = sample::over().remove(0);
        record.node = Some(node);
        record.agent = Some(AgentId::derived(&[node.uuid().as_bytes()]));
        record.event = Event::Session(SessionEvent::Opened(Box::new(opening)));
        record
    }

    #[test]
    fn the_forecast_is_at_the_prices_that_nodes_were_begun_with() {
        let swarm = Swarm::fold(&sample::over());
        let of = |records: &[Record]| {
            let mut tariff = Tariff::default();
            let mut begun = Begun::default();
            records.iter().for_each(|record| begun.remember(record));
            begun.teach(&swarm, &mut tariff);
            let price = tariff.prices.get(&Tier::Mid).map(|price| price.input);
            (price, tariff.unpriced(&swarm.plan()))
        };
        let own = |name, input| opened(sample::node(name), input);
        let nobody = Vec::<String>::new();
        assert_eq!(of(&[]), (None, nobody.clone()));
        assert_eq!(of(&[own("bench", Some(2.0))]), (Some(2.0), nobody.clone()));
        let stronger = [own("bench", Some(2.0)), own("bench", Some(9.0))];
        assert_eq!(of(&stronger), (Some(2.0), nobody.clone()));
        let of_no_node = [own("nobody", Some(2.0))];
        assert_eq!(of(&of_no_node), (None, nobody));
        let unknown = [own("errors", None), own("bench", Some(2.0))];
        assert_eq!(of(&unknown), (None, vec!["p/worker".to_owned()]));
        let dearer = [own("bench", Some(2.0)), own("errors", Some(9.0))];
        assert_eq!(of(&dearer).0, Some(2.0));
    }
}
