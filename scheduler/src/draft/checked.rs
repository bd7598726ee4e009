//! Checks a planner's choices against what it was shown, and says all that is wrong at once.

use std::collections::{BTreeMap, BTreeSet};

use super::assemble::{Frame, Part};
use super::cluster::telling;
use super::facts::shown;
use super::material::below;
use super::schema::LONGEST_TEXT;
use super::{Choices, ClusterId, CommandId, Draft, Piece};

/// More problems than these are not listed: a planner that wrong starts over.
const MOST_PROBLEMS: usize = 100;

impl Draft {
    /// The parts and the frame of choices that are good.
    pub(super) fn checked(&self, choices: &Choices) -> Result<(Vec<Part>, Frame), Vec<String>> {
        let mut problems = Problems(Vec::new());
        if choices.pieces.is_empty() {
            problems.say(|| {
                "nothing-chosen: `pieces` is empty; choose at least one cluster".to_owned()
            });
        }
        if choices.pieces.len() > self.shown.len() {
            let (chosen, shown) = (choices.pieces.len(), self.shown.len());
            return Err(vec![format!(
                "too-many: {chosen} pieces of {shown} clusters; a cluster belongs to one piece"
            )]);
        }
        problems.text("`contract`", &choices.contract);
        let gate = self.gate(&choices.gate, &mut problems);
        let mut taken = BTreeMap::new();
        let mut parts = Vec::new();
        for (place, piece) in choices.pieces.iter().enumerate() {
            let part = self.part(place + 1, piece, &mut taken, &mut problems);
            parts.extend(halve(part, piece.split));
        }
        let frame = Frame {
            contract: choices.contract.clone(),
            gate,
            shared: choices.shared,
        };
        if problems.0.is_empty() {
            Ok((parts, frame))
        } else {
            Err(problems.0)
        }
    }

    fn part(
        &self,
        number: usize,
        piece: &Piece,
        taken: &mut BTreeMap<ClusterId, usize>,
        problems: &mut Problems,
    ) -> Part {
        if piece.clusters.is_empty() {
            problems.say(|| {
                format!(
                    "no-cluster: piece {number} changes no cluster; give it one or leave it out"
                )
            });
        }
        if piece.brief.trim().is_empty() {
            problems.say(|| format!("no-brief: piece {number} has no brief"));
        }
        problems.text(&format!("the brief of piece {number}"), &piece.brief);
        let clusters: BTreeSet<ClusterId> = self.known(number, &piece.clusters, problems).collect();
        for cluster in &clusters {
            if let Some(other) = taken.insert(*cluster, number) {
                problems.say(|| {
                    format!("twice: {cluster} is in pieces {other} and {number}; keep it in one")
                });
            }
        }
        let members = clusters.iter().filter_map(|id| self.cluster(*id));
        let files: Vec<usize> = members
            .flat_map(|cluster| cluster.files.iter().copied())
            .collect();
        Part {
            accept: self.accept(number, &piece.accept, &files, problems),
            after: self.known(number, &piece.after, problems).collect(),
            clusters,
            files,
            brief: piece.brief.clone(),
            tier: piece.tier,
            risk: piece.risk,
            size: piece.size,
            noop: false,
        }
    }

    /// The clusters that ids stand for; those that were not shown are problems.
    fn known(
        &self,
        number: usize,
        ids: &[String],
        problems: &mut Problems,
    ) -> std::vec::IntoIter<ClusterId> {
        let mut known = BTreeSet::new();
        for id in ids {
            match ClusterId::read(id).filter(|id| self.shown.binary_search(id).is_ok()) {
                Some(id) => {
                    known.insert(id);
                }
                None => problems.say(|| {
                    format!(
                        "unknown-cluster: piece {number} names `{}`, which is not a cluster shown",
                        shown(id)
                    )
                }),
            }
        }
        known.into_iter().collect::<Vec<_>>().into_iter()
    }

    /// The command a piece must pass. Code with a command that covers it never goes without one.
    fn accept(
        &self,
        number: usize,
        id: &str,
        files: &[usize],
        problems: &mut Problems,
    ) -> Option<CommandId> {
        let id = id.trim();
        if matches!(id, "" | "auto" | "none") {
            return telling(&self.material, files);
        }
        let Some(command) = self.offer(id) else {
            problems.say(|| {
                format!(
                    "unknown-command: piece {number} names `{}`, which is not a command shown",
                    shown(id)
                )
            });
            return None;
        };
        if !self.concerns(command, files) {
            problems.say(|| format!("wrong-command: {command} checks nothing that piece {number} changes; take another or `auto`"));
        }
        Some(command)
    }

    /// Whether a command checks one of the files, or a file that imports one of them.
    fn concerns(&self, command: CommandId, files: &[usize]) -> bool {
        let Some(command) = self.command(command) else {
            return false;
        };
        let paths: BTreeSet<&str> = files
            .iter()
            .map(|&f| self.material.files[f].path.as_str())
            .collect();
        let mut covered = self
            .material
            .files
            .iter()
            .filter(|f| below(&f.path, &command.covers));
        command.covers.is_empty()
            || covered.any(|f| {
                paths.contains(f.path.as_str())
                    || f.imports.iter().any(|i| paths.contains(i.as_str()))
            })
    }

    fn gate(&self, id: &str, problems: &mut Problems) -> Option<CommandId> {
        let id = id.trim();
        if matches!(id, "" | "none") {
            return None;
        }
        let gate = self.offer(id);
        if gate.is_none() {
            problems.say(|| {
                format!(
                    "unknown-command: `gate` is `{}`, which is not a command shown",
                    shown(id)
                )
            });
        }
        gate
    }

    fn offer(&self, id: &str) -> Option<CommandId> {
        CommandId::read(id).filter(|id| self.offered.contains(id))
    }
}

struct Problems(Vec<String>);

impl Problems {
    fn say(&mut self, problem: impl FnOnce() -> String) {
        if self.0.len() < MOST_PROBLEMS {
            self.0.push(problem());
        }
    }

    fn text(&mut self, what: &str, text: &str) {
        let length = text.chars().count();
        if length > LONGEST_TEXT {
            self.say(|| {
                format!("too-long: {what} has {length} characters; at most {LONGEST_TEXT}")
            });
        }
    }
}

/// A part as two, if that is wanted and it has two files: what is imported first.
fn halve(part: Part, wanted: bool) -> Vec<Part> {
    if !wanted || part.files.len() < 2 {
        return vec![part];
    }
    let mut first = part;
    let mut second = first.clone();
    second.files = first.files.split_off(first.files.len().div_ceil(2));
    vec![first, second]
}
