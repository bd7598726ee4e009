//! From a planner's answer to a patch: parts become nodes, whoever waited for the node waits for them, and all of it is
//! judged by the rules of a plan and by how much it leaves to be done.

use std::collections::BTreeMap;

use protocol::{Kind, Node, NodeId, NodeName, PlanPatch, Scope, Tier, Weight};
use serde_json::Value;

use super::answer::{Answer, LONGEST_TEXT, Part};
use super::{MOST_PARTS, Replan, free_names};
use crate::draft::{Size, repair};
use crate::order::expected_ms;
use crate::plan::{Problem, has_title_of_brief, node_id, revalidate, title_of};
use crate::scope::{Glob, Globs};

/// What has failed is no small work, and counts twice: nothing has shown that it can be done as it is.
const LEAST_MS: u64 = 180_000;
const WEIGHT: u64 = 2;

/// How long the check after several parts takes, in milliseconds, as estimated.
const CHECK_MS: u64 = 10_000;

impl Replan {
    /// What is wrong with an answer, for the planner; `None` if it makes a patch that keeps the rules of a plan.
    pub fn objection(&self, answer: &Value) -> Option<String> {
        let problems = match self.patch(answer) {
            Ok((patch, _)) => {
                let found = revalidate(&self.plan, &patch).err()?;
                found.iter().map(Problem::to_string).collect()
            }
            Err(problems) => problems,
        };
        Some(repair(&problems))
    }

    /// The patch that an answer amounts to, and why it should go better, for people. Whether it keeps the rules of a plan
    /// is judged by whoever takes it.
    ///
    /// # Errors
    /// Everything else that is wrong with it, each a code and a sentence for the planner.
    pub(crate) fn patch(&self, answer: &Value) -> Result<(PlanPatch, String), Vec<String>> {
        let answer = Answer::read(answer)?;
        let mut problems = self.shape(&answer);
        let briefs = self.rewritten(&answer, &mut problems);
        let dropped = self.dropped(&answer, &mut problems);
        if self.is_split {
            problems.extend(self.beyond(&answer));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let (add, outs) = self.added(&answer.parts);
        self.progress(&add, &dropped)?;
        let left_out = dropped.iter().filter(|node| self.is_open(node));
        let left_out = left_out.map(|node| node.id);
        let removed: Vec<NodeId> = [self.node.id].into_iter().chain(left_out).collect();
        let patch = PlanPatch {
            modify: self.repointed(&briefs, &removed, &outs),
            remove: removed,
            add,
            budget: None,
        };
        Ok((patch, self.why(&answer)))
    }

    fn why(&self, answer: &Answer) -> String {
        let name = &self.node.name;
        let said = answer.why.split_whitespace().collect::<Vec<_>>().join(" ");
        match (self.is_split, said.as_str()) {
            (true, "") => format!("node {name} is divided"),
            (false, "") => format!("node {name} is planned anew"),
            (true, said) => format!("node {name} is divided: {said}"),
            (false, said) => format!("node {name} is planned anew: {said}"),
        }
    }

    fn shape(&self, answer: &Answer) -> Vec<String> {
        let mut problems = Vec::new();
        let count = answer.parts.len();
        let least = if self.is_split { 2 } else { 1 };
        if !(least..=MOST_PARTS).contains(&count) {
            problems.push(format!(
                "parts: there are {count}; give {least} to {MOST_PARTS}"
            ));
        }
        for (number, part) in (1..).zip(&answer.parts) {
            if part.brief.trim().is_empty() {
                problems.push(format!("no-brief: part {number} has no brief"));
            }
            if part.brief.chars().count() > LONGEST_TEXT {
                problems.push(format!(
                    "too-long: the brief of part {number}; at most {LONGEST_TEXT} characters"
                ));
            }
            if part
                .after
                .iter()
                .any(|&before| before == 0 || before >= number)
            {
                problems.push(format!(
                    "after: part {number} can only wait for earlier ones"
                ));
            }
        }
        problems
    }

    fn rewritten(&self, answer: &Answer, problems: &mut Vec<String>) -> BTreeMap<NodeId, String> {
        let mut briefs = BTreeMap::new();
        for rewrite in &answer.rewrite {
            match self.named(&rewrite.node) {
                Some(node) if !rewrite.brief.trim().is_empty() => {
                    if self.is_open(node) {
                        briefs.insert(node.id, rewrite.brief.clone());
                    }
                }
                Some(_) => problems.push(format!("no-brief: {:?} is told nothing", rewrite.node)),
                None => problems.push(format!(
                    "rewrite: {:?} cannot be changed: it does not wait for the node",
                    rewrite.node
                )),
            }
        }
        briefs
    }

    fn dropped<'a>(&'a self, answer: &Answer, problems: &mut Vec<String>) -> Vec<&'a Node> {
        let mut dropped: Vec<&Node> = Vec::new();
        for name in &answer.drop {
            match self.named(name) {
                Some(node) if !dropped.contains(&node) => dropped.push(node),
                Some(_) => {}
                None => problems.push(format!("drop: {name:?} does not wait for the node")),
            }
        }
        dropped
    }

    /// Parts of a node that is only divided stay within what it may change.
    fn beyond(&self, answer: &Answer) -> Vec<String> {
        let scope = Globs::parse(&self.node.scope.writes).unwrap_or_default();
        let mut problems = Vec::new();
        for (number, part) in (1..).zip(&answer.parts) {
            for text in part.writes.iter().filter(|text| !is_within(text, &scope)) {
                problems.push(format!(
                    "scope-wider: part {number} changes {text:?}, which the node may not"
                ));
            }
        }
        problems
    }

    /// The new nodes, and those of them that whoever waited for the node waits for.
    fn added(&self, parts: &[Part]) -> (Vec<Node>, Vec<NodeId>) {
        let mut free = free_names((&self.node.name, "."), &self.plan, &self.gone);
        let mut nodes: Vec<Node> = Vec::new();
        for part in parts {
            let before = part
                .after
                .iter()
                .filter_map(|at| nodes.get(*at as usize - 1));
            let before: Vec<NodeId> = before.map(|node| node.id).collect();
            let name = free.next().unwrap_or_default();
            nodes.push(self.part(part, name, (before, parts.len())));
        }
        let outs: Vec<NodeId> = nodes.iter().map(|node| node.id).collect();
        let has_own = parts.len() == 1 && self.node.kind != Kind::Verify;
        if self.node.accept.is_none() || has_own {
            return (nodes, outs);
        }
        let check = self.joined(free.next().unwrap_or_default(), outs);
        let outs = vec![check.id];
        nodes.push(check);
        (nodes, outs)
    }

    fn part(&self, part: &Part, name: NodeName, (before, count): (Vec<NodeId>, usize)) -> Node {
        let node = &self.node;
        let kind = match node.kind {
            Kind::Codemod | Kind::Verify => Kind::Edit,
            kind => kind,
        };
        let mut deps = node.deps.clone();
        deps.extend(before);
        let is_alone = count == 1 && node.kind != Kind::Verify;
        let title = match part.title.trim() {
            "" => node.title.clone(),
            title => title.to_owned(),
        };
        let id = node_id(self.run, &name);
        Node {
            name,
            brief: Some(part.brief.trim().into()),
            deps,
            scope: Scope {
                reads: Vec::new(),
                writes: part.writes.clone(),
                noop: node.scope.noop,
                weakens_tests: node.scope.weakens_tests,
                sparse: node.scope.sparse,
            },
            accept: node.accept.clone().filter(|_| part.check || is_alone),
            budget: self.shares[count.clamp(1, MOST_PARTS) - 1],
            tier: node.tier.max(Tier::Mid),
            weight: Weight {
                est_ms: estimate(part.size),
                ..node.weight
            },
            ..Node::new(id, kind, title)
        }
    }

    /// The node's check once more, after all parts: none of them alone has to fulfil it.
    fn joined(&self, name: NodeName, deps: Vec<NodeId>) -> Node {
        let title = format!("check: {}", self.node.title);
        let id = node_id(self.run, &name);
        Node {
            name,
            deps,
            accept: self.node.accept.clone(),
            weight: Weight {
                est_ms: CHECK_MS,
                ..self.node.weight
            },
            ..Node::new(id, Kind::Verify, title)
        }
    }

    /// Nodes that waited for what is gone wait for what has come, and those that are told something else.
    fn repointed(
        &self,
        briefs: &BTreeMap<NodeId, String>,
        removed: &[NodeId],
        outs: &[NodeId],
    ) -> Vec<Node> {
        let is_gone = |dep: &NodeId| removed.contains(dep);
        let mut changed = Vec::new();
        for node in self.plan.nodes.iter().filter(|node| !is_gone(&node.id)) {
            let mut new = node.clone();
            if node.deps.iter().any(is_gone) {
                new.deps.retain(|dep| !is_gone(dep));
                new.deps.extend(outs);
            }
            if let Some(brief) = briefs.get(&node.id) {
                let brief = brief.trim();
                if has_title_of_brief(node) {
                    new.title = title_of(&node.name, Some(brief));
                }
                new.brief = Some(brief.into());
            }
            if new != *node {
                changed.push(new);
            }
        }
        changed
    }

    /// Less must be left to be done than there was.
    fn progress(&self, add: &[Node], dropped: &[&Node]) -> Result<(), Vec<String>> {
        let failed = expected_ms(&self.node).max(LEAST_MS) * WEIGHT;
        let before = failed + dropped.iter().copied().map(expected_ms).sum::<u64>();
        let after: u64 = add.iter().map(expected_ms).sum();
        if after < before {
            return Ok(());
        }
        Err(vec![format!(
            "no-progress: what takes its place is {} s of work, and must be less than {} s; give fewer or smaller parts",
            after / 1000,
            before / 1000
        )])
    }
}

const fn estimate(size: Size) -> u64 {
    match size {
        Size::S => 60_000,
        Size::M => 180_000,
        Size::L => 600_000,
    }
}

/// Whether all that a glob can name is in a scope, as far as that can be seen from the texts.
fn is_within(text: &str, scope: &Globs) -> bool {
    let Ok(glob) = Glob::parse(text) else {
        // The rules of a plan say what is wrong with it.
        return true;
    };
    let text = glob.as_str();
    let below = |folder: &str| {
        let rest = text.strip_prefix(folder);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let holds = |own: &Glob| {
        let folder = own.as_str().strip_suffix("/**");
        own.as_str() == text || own.is_everything() || folder.is_some_and(below)
    };
    glob.literal().is_some_and(|path| scope.matches(&path)) || scope.iter().any(holds)
}
