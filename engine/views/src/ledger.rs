//! What a session used: tokens, money, steps, time at the model; in all, per model, per agent, per node.

use std::collections::BTreeMap;

use protocol::{AgentId, Charge, Cost, Event, ModelEvent, NodeId, Record, Reply, ToolEvent, Usage};
use serde::Serialize;

use crate::View;

/// What a session used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Everything together.
    pub total: Tally,
    /// By the model that answered, as its provider names it. Tool calls are no model's.
    pub models: BTreeMap<String, Tally>,
    /// Calls that were billed without a reply, so that nobody named a model.
    pub unanswered: Tally,
    /// By agent.
    pub agents: BTreeMap<AgentId, Tally>,
    /// By node of the plan.
    pub nodes: BTreeMap<NodeId, Tally>,
}

/// One account of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Tokens of the replies whose provider told, and of calls without a reply that were charged.
    pub usage: Usage,
    /// How many of those tokens belong to calls that the provider did not count to their end.
    pub estimated: u64,
    /// Replies whose provider did not tell their tokens.
    pub uncounted: u32,
    /// What all that cost; `None` as soon as the cost of a part is unknown.
    pub cost: Option<Cost>,
    /// Tokens that count against limits: what providers counted, and estimates of what they did not.
    pub charged: u64,
    /// Money that counts against limits; `None` as soon as a price is unknown.
    pub charged_cost: Option<Cost>,
    /// Tokens that providers counted beyond what was set aside for a call; only where tokens or money are limited.
    pub overrun: u64,
    /// Replies.
    pub steps: u32,
    /// Failed attempts that were followed by another.
    pub retries: u32,
    /// Tool calls that ended, however they ended.
    pub tool_calls: u32,
    /// Milliseconds from request to last byte, summed over the replies.
    pub api_ms: u64,
}

impl Default for Tally {
    /// Nothing used is known to cost nothing.
    fn default() -> Self {
        Self {
            usage: Usage::default(),
            estimated: 0,
            uncounted: 0,
            cost: Some(Cost(0)),
            charged: 0,
            charged_cost: Some(Cost(0)),
            overrun: 0,
            steps: 0,
            retries: 0,
            tool_calls: 0,
            api_ms: 0,
        }
    }
}

impl Tally {
    fn reply(&mut self, reply: &Reply, charge: &Charge, total_ms: u64) {
        match reply.usage {
            Some(usage) => self.usage += usage,
            None => self.uncounted += 1,
        }
        add(&mut self.cost, reply.cost);
        self.charge(charge);
        self.steps += 1;
        self.api_ms = self.api_ms.saturating_add(total_ms);
    }

    /// A call that was charged without a reply.
    fn loss(&mut self, charge: &Charge) {
        let usage = charge.usage.unwrap_or_default();
        self.usage += usage;
        if charge.is_estimate {
            self.estimated = self.estimated.saturating_add(usage.total());
        }
        add(&mut self.cost, charge.cost);
        self.charge(charge);
    }

    /// What a call counts for against the limits.
    fn charge(&mut self, charge: &Charge) {
        self.charged = self.charged.saturating_add(charge.tokens);
        add(&mut self.charged_cost, charge.cost);
        self.overrun = self.overrun.saturating_add(charge.over);
    }
}

fn add(sum: &mut Option<Cost>, cost: Option<Cost>) {
    match (sum, cost) {
        (Some(sum), Some(cost)) => *sum += cost,
        (sum, _) => *sum = None,
    }
}

/// What a reply of a journal older than its charge counts for.
fn counted(reply: &Reply) -> Charge {
    Charge {
        tokens: reply.usage.map_or(0, |usage| usage.total()),
        cost: reply.cost,
        ..Charge::default()
    }
}

impl View for Ledger {
    fn apply(&mut self, record: &Record) {
        match &record.event {
            Event::Model(event) => self.model(record, event),
            Event::Tool(ToolEvent::Finished { .. }) => {
                self.each(record, |tally| tally.tool_calls += 1);
            }
            Event::Tool(ToolEvent::Started { .. } | ToolEvent::Reopened { .. })
            | Event::Session(_)
            | Event::Turn(_)
            | Event::Permission(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }
}

impl Ledger {
    fn model(&mut self, record: &Record, event: &ModelEvent) {
        match event {
            ModelEvent::Replied {
                reply,
                total_ms,
                charge,
                ..
            } => {
                let charge = charge.unwrap_or_else(|| counted(reply));
                self.each(record, |tally| tally.reply(reply, &charge, *total_ms));
                let model = self.models.entry(reply.model.clone()).or_default();
                model.reply(reply, &charge, *total_ms);
            }
            ModelEvent::Retried { charge, .. } => {
                self.each(record, |tally| tally.retries += 1);
                self.loss(record, charge.as_ref());
            }
            ModelEvent::Failed { charge, .. } => self.loss(record, charge.as_ref()),
            ModelEvent::Lost { charge, .. } => self.loss(record, Some(charge)),
            ModelEvent::Requested { .. } | ModelEvent::Resumed { .. } => {}
        }
    }

    fn loss(&mut self, record: &Record, charge: Option<&Charge>) {
        if let Some(charge) = charge {
            self.each(record, |tally| tally.loss(charge));
            self.unanswered.loss(charge);
        }
    }

    /// Books on every account the record belongs to, the models' apart.
    fn each(&mut self, record: &Record, mut book: impl FnMut(&mut Tally)) {
        book(&mut self.total);
        if let Some(agent) = record.agent {
            book(self.agents.entry(agent).or_default());
        }
        if let Some(node) = record.node {
            book(self.nodes.entry(node).or_default());
        }
    }
}
