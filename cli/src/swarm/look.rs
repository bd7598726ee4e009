//! `formic swarm show`: a run as it stands, or one node of it in full.

use std::collections::BTreeSet;

use actors::archive::{self, DataFolder};
use actors::plans::forecast;
use actors::{Source, SystemSource};
use protocol::{Event, Kind, Record, Seq, SessionEvent, SessionId};
use views::{Phase, Swarm, View};

use super::choose::{self, Reach};
use super::preview::Preview;
use super::report::{Moment, Report};
use super::screen::Paper;
use super::{node, words};
use crate::args::swarm::ShowArgs;
use crate::failure::Failure;
use crate::output;
use crate::resolve::environment::Environment;
use crate::resolve::swarm::{SwarmRun, Tariff};

/// Prints a run as it stands, or one node of it.
///
/// # Errors
/// When there is no such run or node, or it cannot be read.
pub async fn show(data: &DataFolder, args: &ShowArgs) -> Result<(), Failure> {
    let (run, node) = choose::run_or_node(data, &args.named, Reach::Beyond)?;
    let report = archive::read(data, run.info.id, Seq(1))?;
    let moment = match run.info.locked_by {
        Some(_) => Moment::UnderWay(SystemSource::new().now()),
        None => Moment::AtRest,
    };
    let (id, json) = (run.info.id, args.named.json);
    match node {
        Some(node) => node::show(&report.records, (id, &node), (moment, json)),
        None => {
            let tariff = tariff(&report.records).await;
            whole(&report.records, id, tariff, (moment, json))
        }
    }
}

/// What the models of the run cost, as far as that is known here.
async fn tariff(records: &[Record]) -> Tariff {
    let first = records.first().map(|record| &record.event);
    let Some(Event::Session(SessionEvent::Opened(opening))) = first else {
        return Tariff::default();
    };
    let tariff = SwarmRun::tariff_of(&opening.cwd, &opening.model).await;
    tariff.unwrap_or_default()
}

/// The models that nodes were begun with, at the prices of then. Flags may have named them, which no settings tell.
fn recorded(swarm: &Swarm, records: &[Record], tariff: &mut Tariff) {
    let mut known = BTreeSet::new();
    for record in records {
        let node = record.node.and_then(|id| swarm.node(id));
        // A planner has its own model, and a node that is tried anew may have a stronger one than its tier's.
        let node = node.filter(|node| node.node.kind != Kind::Plan);
        if let (Some(node), Event::Session(SessionEvent::Opened(opening))) = (node, &record.event)
            && known.insert(node.id())
        {
            tariff.learn(node.node.tier, &opening.model, opening.traits.price);
        }
    }
}

fn whole(
    records: &[Record],
    id: SessionId,
    mut tariff: Tariff,
    (moment, json): (Moment, bool),
) -> Result<(), Failure> {
    let swarm = Swarm::fold(records);
    recorded(&swarm, records, &mut tariff);
    let plan = swarm.plan();
    let expected = forecast(&plan, swarm.lanes(), &tariff.prices);
    let said = Report::new(&swarm, id, (Some(expected), moment));
    if json {
        return output::json(&said.json());
    }
    let environment = Environment::read();
    let paper = Paper::find(&environment);
    let preview = Preview::new(plan, Vec::new(), swarm.remarks.clone(), &tariff);
    let text = match swarm.phase {
        Phase::Proposed => preview.text(paper),
        _ => text(&swarm, &preview, &said, paper),
    };
    output::line(&text)
}

/// The drawing, the batches, the report.
fn text(swarm: &Swarm, preview: &Preview, report: &Report, paper: Paper) -> String {
    let mut parts = Vec::new();
    parts.extend(preview.drawing(paper));
    if !swarm.batches.is_empty() {
        let lines = swarm.batches.iter().map(|batch| batch_line(swarm, batch));
        parts.push(lines.collect::<Vec<String>>().join("\n"));
    }
    parts.push(report.text(paper));
    parts.join("\n\n")
}

fn batch_line(swarm: &Swarm, batch: &views::Batch) -> String {
    let names: Vec<&str> = batch
        .nodes
        .iter()
        .filter_map(|id| Some(swarm.node(*id)?.name()))
        .collect();
    let end = match (&batch.landed, batch.is_red(), batch.conflicts.is_empty()) {
        (Some(to), ..) => format!("landed at {}", super::report::short(&to.to_string())),
        (None, true, _) => "red".to_owned(),
        (None, false, false) => "in conflict".to_owned(),
        (None, false, true) => "not landed".to_owned(),
    };
    format!("batch {}: {} ({end})", batch.number, words::list(&names, 8))
}

#[cfg(test)]
mod tests {
    use protocol::{
        AgentId, Limits, ModelRef, ModelTraits, NodeId, Opening, PermissionMode, Price, Tier,
    };

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
            recorded(&swarm, records, &mut tariff);
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
        let unknown = [own("bench", Some(2.0)), own("errors", None)];
        assert_eq!(of(&unknown), (None, vec!["p/worker".to_owned()]));
    }
}
