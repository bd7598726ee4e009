//! What a planner reads of a node that failed: what it was to do, what came of it, what else the plan holds.

use std::fmt::Write as _;

use protocol::{Kind, Node, Text};

use super::{Replan, Standing};

/// How much of the evidence of one attempt is told, in bytes: its beginning and its end.
const EVIDENCE_BYTES: usize = 3_000;

/// How many attempts, the newest, and how many other nodes are told.
const ATTEMPTS: usize = 4;
const NODES: usize = 60;

impl Replan {
    /// What is known, as text. The same state of a run always gives the same text.
    pub fn facts(&self) -> String {
        let node = &self.node;
        let mut text = format!(
            "# Goal of the run\n{}\n\n# The node that could not be done: {} ({})\n",
            self.plan.goal.trim(),
            node.title,
            node.name
        );
        // Writing to a text cannot fail.
        let brief = node.brief.as_ref().map(Text::as_str).unwrap_or_default();
        let _ = writeln!(text, "{}", brief.trim());
        let _ = writeln!(text, "It may change: {}", listed(&node.scope.writes));
        if let Some(check) = &node.accept {
            let _ = writeln!(text, "Its check: `{}`", check.cmd);
        }
        self.tried(&mut text);
        self.rest(&mut text);
        text.push_str(self.task());
        text
    }

    fn tried(&self, text: &mut String) {
        text.push_str("\n# What was tried, and what came of it\n");
        let skipped = self.failures.len().saturating_sub(ATTEMPTS);
        for failure in &self.failures[skipped..] {
            let evidence = failure.evidence.as_str();
            let _ = writeln!(
                text,
                "\n## {}\n{}",
                failure.class.name(),
                ends(evidence.trim())
            );
        }
    }

    fn rest(&self, text: &mut String) {
        let is_other = |one: &&Node| one.id != self.node.id && one.kind != Kind::Plan;
        let others = self.plan.nodes.iter().filter(is_other);
        text.push_str("\n# The other nodes of the plan\n");
        for one in others.clone().take(NODES) {
            let state = match (self.standing(one), self.waiting.contains(&one.id)) {
                (Standing::Open, true) => "waits for it",
                (Standing::Open, false) => "not started",
                (Standing::UnderWay, _) => "under way",
                (Standing::Done, _) => "done",
                (Standing::GivenUp, _) => "given up, not done",
            };
            let writes = listed(&one.scope.writes);
            let _ = writeln!(
                text,
                "- {} ({state}): {}; changes {writes}",
                one.name, one.title
            );
        }
        let more = others.count().saturating_sub(NODES);
        if more > 0 {
            let _ = writeln!(text, "- and {more} more");
        }
    }

    const fn task(&self) -> &'static str {
        match self.is_split {
            true => {
                "\n# What to answer\nIt was too much for one agent. Divide it into two or more smaller parts: each within what \
                 the node may change, together all of it. What waits for the node will wait for all parts, and the node's \
                 check must hold after them.\n"
            }
            false => {
                "\n# What to answer\nSay which parts take its place: smaller, otherwise cut, or told better; each with what \
                 it may change. What waits for the node will wait for all of them, and the node's check must hold after \
                 them. Only where it must be, tell nodes that wait for it something else, or drop them.\n"
            }
        }
    }
}

fn listed(globs: &[String]) -> String {
    match globs {
        [] => "nothing".to_owned(),
        globs => globs.join(", "),
    }
}

/// The beginning and the end of a long text: where logs say what failed.
fn ends(text: &str) -> String {
    if text.len() <= EVIDENCE_BYTES {
        return text.to_owned();
    }
    let head = &text[..text.floor_char_boundary(EVIDENCE_BYTES / 4)];
    let tail = &text[text.ceil_char_boundary(text.len() - EVIDENCE_BYTES * 3 / 4)..];
    format!("{head}\n[...]\n{tail}")
}
