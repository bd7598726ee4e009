//! What agents of the simulated world say, planners among them, and what becomes of the changes they propose.

use protocol::{EntryKind, Kind, Node, NodeId};
use scheduler::run::{RunCommand, RunInput, decide};
use serde_json::json;

use super::given_run::*;
use super::world::World;

/// Respects in which what a planner says has a fate.
const PLANS: u64 = 8;
const TAKES: u64 = 9;

impl World {
    /// What an agent says and leaves in its one reply.
    pub(crate) fn speak(&mut self, planned: &Node, speaker: Speaker, tokens: u64) {
        if let Some(node) = planned.resolves.filter(|_| planned.kind == Kind::Plan) {
            let answer = self.replanned(node);
            self.agent_says(speaker, structured(&answer));
        }
        self.agent_says(speaker, replied("done", tokens));
        let words = format!("seen by {}", planned.id);
        self.agent_says(speaker, noted(EntryKind::Finding, "weather", &words));
    }

    /// What a planner answers about a node: nothing of use, or parts in its place.
    fn replanned(&self, node: NodeId) -> String {
        let part = json!({
            "title": "part", "brief": "do it", "size": "S", "check": false,
            "writes": self.sim.run.planned(node).unwrap().scope.writes,
        });
        match self.fate(node, 0, PLANS) % 4 {
            0 => "{\"parts\": []}".to_owned(),
            1 => json!({ "parts": [part] }).to_string(),
            2 => {
                let mut parts = [part.clone(), part];
                for (part, folder) in parts.iter_mut().zip(["a/**", "b/**"]) {
                    let all = part["writes"].as_array_mut().unwrap();
                    let within = |glob: &serde_json::Value| {
                        let glob = glob.as_str().unwrap();
                        glob.replace("**", folder).into()
                    };
                    all.iter_mut().for_each(|glob| *glob = within(glob));
                }
                json!({ "parts": parts }).to_string()
            }
            _ => {
                let mut last = part.clone();
                last["after"] = json!([1]);
                json!({ "parts": [part, last] }).to_string()
            }
        }
    }

    pub(crate) fn answer_change(&mut self, node: NodeId) {
        let is_refused = self.fate(node, 0, TAKES) < 200;
        let refused = is_refused.then(|| "no".to_owned());
        let command = RunInput::Command(RunCommand::Replan { node, refused });
        for event in decide(&self.sim.run, command).unwrap() {
            self.say(event);
        }
    }
}
