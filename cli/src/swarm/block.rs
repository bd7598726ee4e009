//! A run as a block of lines while it goes on: the totals, then the nodes that matter most.

use protocol::Timestamp;
use views::{Doing, NodeState, Swarm, SwarmNode};

use super::draw::Strokes;
use super::marks::{colour, mark};
use super::painter::Line;
use super::report::short;
use super::words;

/// The most columns of a node's name.
const NAME: usize = 24;

/// Which room there is and when it is.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Columns.
    pub width: usize,
    /// Lines.
    pub height: usize,
    /// With which characters.
    pub strokes: Strokes,
    /// Whether states are coloured.
    pub is_coloured: bool,
    /// The time on the wall.
    pub now: Timestamp,
}

/// The states in the order in which nodes are shown: what goes on, what went wrong, what waits, what is done.
const ORDER: [NodeState; 10] = [
    NodeState::Working,
    NodeState::Inspecting,
    NodeState::InBatch,
    NodeState::Queued,
    NodeState::Failed,
    NodeState::Ready,
    NodeState::Waiting,
    NodeState::Skipped,
    NodeState::Cancelled,
    NodeState::Done,
];

/// The lines of the block; never more than there is room for.
pub fn lines(swarm: &Swarm, note: Option<&str>, frame: &Frame) -> Vec<Line> {
    let mut lines = vec![
        Line::plain(headline(swarm, frame)),
        Line::plain(counts(swarm)),
    ];
    lines.extend(ahead(swarm).map(Line::plain));
    lines.extend(note.map(|note| Line::plain(note.to_owned())));
    let mut nodes: Vec<&SwarmNode> = swarm.nodes.iter().collect();
    nodes.sort_by_key(|node| ORDER.iter().position(|state| *state == node.state));
    let room = frame.height.saturating_sub(lines.len() + 2).max(1);
    let shown = if nodes.len() > room {
        room - 1
    } else {
        nodes.len()
    };
    let breadth = nodes.iter().map(|node| node.name().chars().count()).max();
    let breadth = breadth.unwrap_or(0).min(NAME);
    lines.extend(
        nodes[..shown]
            .iter()
            .map(|node| row(swarm, node, breadth, frame)),
    );
    if shown < nodes.len() {
        let more = &nodes[shown..];
        lines.push(Line::plain(format!(
            "  ... {}",
            tally(more.iter().copied())
        )));
    }
    lines
}

fn headline(swarm: &Swarm, frame: &Frame) -> String {
    let age = swarm
        .span
        .map(|(began, _)| swarm.active(frame.now).since(began));
    let age = words::span(age.unwrap_or(0) / 1_000 * 1_000);
    let total = &swarm.ledger.total;
    let spent = words::money(total.cost.map(protocol::Cost::usd));
    let limit = swarm
        .budget()
        .cost
        .map(|cost| format!(" of {}", words::money(Some(cost.usd()))));
    let used = format!(
        "{age}  {} tokens  {spent}{}",
        words::tokens(total.usage.total()),
        limit.unwrap_or_default()
    );
    let room = frame.width.saturating_sub(used.chars().count() + 3);
    let goal = words::brief(swarm.goal(), room);
    format!("{goal:room$}  {used}")
}

/// How many nodes are in which state.
fn counts(swarm: &Swarm) -> String {
    let lanes = swarm.lanes();
    let said = match &swarm.phase {
        views::Phase::Planning => "planning".to_owned(),
        views::Phase::Proposed => "a plan waits for approval".to_owned(),
        views::Phase::Running => format!("at most {lanes} at once"),
        views::Phase::Paused => "paused: nothing new starts".to_owned(),
        views::Phase::Cancelled(why) => {
            let how = match swarm.has_failed() {
                true => "failed, being ended",
                false => "being cancelled",
            };
            format!("{how}: {}", words::brief(why, 60))
        }
        views::Phase::Rejected(_) => "the plan was rejected".to_owned(),
        views::Phase::Closed => "over".to_owned(),
    };
    match swarm.nodes.is_empty() {
        true => said,
        false => format!("{}; {said}", tally(swarm.nodes.iter())),
    }
}

fn tally<'a>(nodes: impl Iterator<Item = &'a SwarmNode>) -> String {
    let nodes: Vec<NodeState> = nodes.map(|node| node.state).collect();
    let counted = ORDER.iter().filter_map(|state| {
        let many = nodes.iter().filter(|one| *one == state).count();
        (many > 0).then(|| format!("{many} {}", state.name()))
    });
    counted.collect::<Vec<String>>().join(", ")
}

/// The longest chain that is left.
fn ahead(swarm: &Swarm) -> Option<String> {
    let path = swarm.critical_path();
    let names: Vec<&str> = path.iter().map(|node| node.name()).collect();
    (names.len() > 1).then(|| format!("longest chain left: {}", names.join(" > ")))
}

fn row(swarm: &Swarm, node: &SwarmNode, breadth: usize, frame: &Frame) -> Line {
    let name = words::brief(node.name(), breadth.max(4));
    let text = format!(
        "{} {name:breadth$}  {:10}  {}",
        mark(node.state, frame.strokes),
        node.state.name(),
        details(swarm, node, frame),
    );
    Line {
        text: text.trim_end().to_owned(),
        colour: frame.is_coloured.then(|| (colour(node.state), 1)),
    }
}

/// What is to be said of a node in its state, the shortest first: a narrow terminal cuts the end.
fn details(swarm: &Swarm, node: &SwarmNode, frame: &Frame) -> String {
    let age = |since: Option<Timestamp>| {
        let ms = since.map_or(0, |since| swarm.active(frame.now).since(since));
        words::span(ms / 1_000 * 1_000)
    };
    let mut parts = Vec::new();
    match node.state {
        NodeState::Waiting | NodeState::Skipped | NodeState::Cancelled | NodeState::Failed => {
            return swarm.reason(node).unwrap_or_default();
        }
        NodeState::Ready => {
            let why = swarm.reason(node).map(|why| format!("again: {why}"));
            return why.unwrap_or_default();
        }
        NodeState::Done => {
            let took = node.times.ended.zip(node.times.began);
            parts.extend(
                took.map(|(ended, began)| format!("{:>6}", words::span(ended.since(began)))),
            );
        }
        NodeState::Working | NodeState::Inspecting | NodeState::Queued | NodeState::InBatch => {
            parts.push(format!("{:>6}", age(node.times.since)));
        }
    }
    parts.push(spent(swarm, node));
    parts.extend(doing(swarm, node));
    parts.join("  ")
}

fn spent(swarm: &Swarm, node: &SwarmNode) -> String {
    let tally = swarm
        .ledger
        .nodes
        .get(&node.id())
        .cloned()
        .unwrap_or_default();
    format!(
        "{:>5} {:>7}",
        words::tokens(tally.usage.total()),
        words::money(tally.cost.map(protocol::Cost::usd))
    )
}

/// What goes on in a node, or what came of it.
fn doing(swarm: &Swarm, node: &SwarmNode) -> Option<String> {
    let attempt = (node.attempt > 1).then(|| format!("attempt {}: ", node.attempt));
    let said = match node.state {
        NodeState::Working => match node.doing() {
            Doing::Nothing => "...".to_owned(),
            Doing::Asking => "asks its model".to_owned(),
            Doing::Using(tool, about) => format!("{tool} {}", words::brief(about, 80)),
        },
        NodeState::Inspecting => "its tree is looked at".to_owned(),
        NodeState::InBatch => {
            let batch = swarm
                .batches
                .iter()
                .rfind(|batch| batch.nodes.contains(&node.id()))?;
            let red = if batch.is_red() { ", red" } else { "" };
            format!("batch {}{red}", batch.number)
        }
        NodeState::Done if !node.node.kind.writes() => return None,
        NodeState::Done => {
            let files = node.found.as_ref().map_or(0, |found| found.changed.len());
            let commit = node
                .commit
                .as_ref()
                .map(|commit| short(&commit.to_string()));
            format!(
                "{}  {}",
                words::count(files, "file"),
                commit.unwrap_or_default()
            )
        }
        NodeState::Waiting
        | NodeState::Ready
        | NodeState::Queued
        | NodeState::Failed
        | NodeState::Skipped
        | NodeState::Cancelled => return None,
    };
    Some(format!("{}{said}", attempt.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use views::View;

    use super::*;
    use crate::swarm::sample;

    fn drawn(width: usize, height: usize, strokes: Strokes) -> String {
        let swarm = Swarm::fold(&sample::under_way());
        let frame = Frame {
            width,
            height,
            strokes,
            is_coloured: false,
            now: Timestamp(19 * 7_000 + 62_000),
        };
        let lines = lines(&swarm, Some("stopping"), &frame);
        assert!(lines.len() < height.max(7), "{} lines", lines.len());
        lines
            .into_iter()
            .map(|line| line.text)
            .collect::<Vec<String>>()
            .join("\n")
    }

    #[test]
    fn the_block_shows_what_goes_on_first_and_counts_what_does_not_fit() {
        insta::assert_snapshot!("block", drawn(110, 30, Strokes::Box));
        insta::assert_snapshot!("block_in_a_small_terminal", drawn(50, 9, Strokes::Ascii));
        drawn(1, 1, Strokes::Ascii);
    }

    #[test]
    fn a_run_without_a_plan_has_a_block_too() {
        let frame = Frame {
            width: 40,
            height: 10,
            strokes: Strokes::Box,
            is_coloured: true,
            now: Timestamp(5),
        };
        let lines = lines(&Swarm::default(), None, &frame);
        assert_eq!(lines[1].text, "planning");
    }
}
