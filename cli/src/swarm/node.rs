//! One node of a run in full: how it stands, what it is there for, its attempts, what it used and made, what hangs on it.

use protocol::{BoardEntry, Change, ChangeKind, CheckRun, NodeName, Record, SessionId};
use serde_json::{Value, json};
use views::{AttemptStory, Doing, NodeLine, Stories, Story, Swarm, SwarmNode, SwarmReport, View};

use super::draw::Strokes;
use super::marks::mark;
use super::report::{Moment, standing};
use super::screen::Paper;
use super::words;
use crate::failure::Failure;
use crate::output;
use crate::resolve::environment::Environment;

/// Lines of a log that are shown of its head and of its end.
const HEAD: usize = 8;
const TAIL: usize = 16;

/// The most characters of a line of a log.
const LINE: usize = 400;

/// Prints a node of a run, which must have it.
///
/// # Errors
/// When stdout is gone.
pub fn show(
    records: &[Record],
    (run, name): (SessionId, &NodeName),
    (moment, json): (Moment, bool),
) -> Result<(), Failure> {
    let (swarm, stories) = (Swarm::fold(records), Stories::fold(records));
    let (report, stories) = match moment {
        Moment::AtRest => (swarm.report(run), stories),
        Moment::Leaving(now) | Moment::UnderWay(now) => {
            (swarm.report_at(run, now), stories.until(now))
        }
    };
    let Some(portrait) = Portrait::of(&swarm, (report, &stories), (name, moment)) else {
        return Ok(());
    };
    match json {
        true => output::json(&portrait.json()),
        false => {
            let paper = Paper::find(&Environment::read());
            output::line(&portrait.text(paper.strokes))
        }
    }
}

/// All that is known of a node.
struct Portrait<'a> {
    run: SessionId,
    swarm: &'a Swarm,
    node: &'a SwarmNode,
    line: NodeLine,
    story: Story,
    has_process: bool,
}

impl<'a> Portrait<'a> {
    fn of(
        swarm: &'a Swarm,
        (mut report, stories): (SwarmReport, &Stories),
        (name, moment): (&NodeName, Moment),
    ) -> Option<Self> {
        let at = swarm.nodes.iter().position(|one| one.node.name == *name)?;
        let node = &swarm.nodes[at];
        Some(Self {
            run: report.run_id,
            swarm,
            node,
            line: report.nodes.swap_remove(at),
            story: stories.of(node.id()).cloned().unwrap_or_default(),
            has_process: matches!(moment, Moment::UnderWay(_)),
        })
    }

    fn json(&self) -> Value {
        let near = |nodes: Vec<&SwarmNode>| {
            let near = nodes
                .iter()
                .map(|one| json!({"id": one.name(), "state": one.state}));
            Value::from_iter(near)
        };
        let planned = &self.node.node;
        let mut object = json!(self.line);
        object["type"] = json!("swarm_node");
        object["run_id"] = json!(self.run);
        object["node_id"] = json!(self.node.id());
        object["agent_id"] = json!(self.node.agent);
        object["doing"] = json!(self.doing());
        object["brief"] = json!(planned.brief.as_ref().map(|brief| brief.as_str()));
        object["reads"] = json!(planned.scope.reads);
        object["writes"] = json!(planned.scope.writes);
        object["accept"] = json!(planned.accept);
        object["blocked_by"] = near(self.swarm.blockers(self.node));
        object["blocks"] = near(self.swarm.blocked(self.node));
        object["history"] = json!(self.story.attempts);
        object["board"] = json!(self.story.board);
        object
    }

    fn text(&self, strokes: Strokes) -> String {
        let planned = &self.node.node;
        let goal = words::brief(self.swarm.goal(), 200);
        let mut parts = vec![
            format!(
                "node {}: {}\nrun {}: {goal}",
                self.node.name(),
                planned.title,
                self.run.digits()
            ),
            output::table(&self.rows(strokes)),
        ];
        parts.extend(planned.brief.as_ref().map(|brief| {
            let brief = brief.as_str();
            format!("brief:\n{}", indented(brief.lines()))
        }));
        parts.extend(self.story.attempts.iter().map(attempt));
        let board: Vec<String> = self.story.board.iter().map(entry).collect();
        if !board.is_empty() {
            parts.push(format!("wrote on the board:\n{}", board.join("\n")));
        }
        words::safe(&parts.join("\n\n"))
    }

    /// What can be said in a few words, each under its name; what there is nothing to say of is left out.
    fn rows(&self, strokes: Strokes) -> Vec<Vec<String>> {
        let (line, planned) = (&self.line, &self.node.node);
        let state = standing(line, self.has_process);
        let state = format!("{} {state}", mark(line.state, strokes));
        let used = &line.used;
        let used = format!(
            "{}, {}, {} tokens, {}, {}",
            words::count(used.model_calls as usize, "model call"),
            words::count(used.tool_calls as usize, "tool call"),
            words::tokens(used.usage.total()),
            words::money(used.cost_usd),
            words::span(used.wall_ms)
        );
        let check = planned.accept.as_ref().map(|check| check.cmd.clone());
        let globs = |globs: &[String]| (!globs.is_empty()).then(|| globs.join(", "));
        let files: Vec<String> = line.files.iter().map(file).collect();
        let rows = [
            ("state", Some(state)),
            ("why", line.reason.clone()),
            ("does", self.doing()),
            ("kind", Some(kind(planned))),
            ("reads", globs(&planned.scope.reads)),
            ("writes", globs(&planned.scope.writes)),
            ("check", check),
            ("blocked by", named(&self.swarm.blockers(self.node))),
            ("blocks", named(&self.swarm.blocked(self.node))),
            ("used", Some(used)),
            ("files", globs(&files)),
            (
                "commit",
                line.commit.as_ref().map(|commit| commit.short().to_owned()),
            ),
            (
                "kept",
                line.kept.as_ref().map(|kept| format!("git show {kept}")),
            ),
            ("denied", globs(self.node.denied())),
            ("in doubt", globs(self.node.in_doubt())),
        ];
        let said = rows
            .into_iter()
            .filter_map(|(name, said)| Some((name, said?)));
        said.map(|(name, said)| vec![name.to_owned(), words::brief(&said, LINE)])
            .collect()
    }

    /// What its agent does at this moment.
    fn doing(&self) -> Option<String> {
        match self.node.doing() {
            _ if !self.has_process => None,
            Doing::Nothing => None,
            Doing::Asking => Some("asks its model".to_owned()),
            Doing::Using(tool, about) => Some(format!("{tool} {about}")),
        }
    }
}

fn kind(planned: &protocol::Node) -> String {
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let kind = word(json!(planned.kind));
    match planned.kind.has_agent() {
        true => format!("{kind}, tier {}", word(json!(planned.tier))),
        false => kind,
    }
}

/// Nodes with their states; `None` of none.
fn named(nodes: &[&SwarmNode]) -> Option<String> {
    let names = nodes
        .iter()
        .map(|one| format!("{} ({})", one.name(), one.state.said(one.attempt)));
    let names: Vec<String> = names.collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn file(change: &Change) -> String {
    let how = match change.how {
        ChangeKind::Added => "+",
        ChangeKind::Modified => "~",
        ChangeKind::Deleted => "-",
    };
    format!("{how}{}", change.path)
}

fn attempt(attempt: &AttemptStory) -> String {
    let used = &attempt.used;
    let context = if attempt.fresh {
        "with an empty context"
    } else {
        "with what it knew"
    };
    let mut text = format!(
        "attempt {} {context}: {}, {}, {} tokens, {}, {}",
        attempt.number,
        words::count(used.steps as usize, "model call"),
        words::count(used.tool_calls as usize, "tool call"),
        words::tokens(used.usage.total()),
        words::money(used.cost.map(protocol::Cost::usd)),
        words::span(attempt.wall_ms),
    );
    if let Some(check) = &attempt.check {
        text.push_str(&format!("\n  check {}", checked(check)));
    }
    if let Some(failure) = &attempt.failure {
        let evidence = failure.evidence.as_str();
        text.push_str(&format!(
            "\n  came back, {}:\n{}",
            failure.class.said(),
            indented(log(&evidence).iter().map(String::as_str))
        ));
    }
    text
}

/// How a check went; what it said is part of why the attempt came back.
fn checked(check: &CheckRun) -> String {
    let took = words::span(check.ms);
    match check.exit {
        _ if check.denied.is_some() => "not run: denied".to_owned(),
        Some(0) => format!("ok in {took}"),
        Some(exit) => format!("exit {exit} after {took}"),
        None => format!("cut off after {took}"),
    }
}

/// The head and the end of a log; how many lines were left out stands between them.
pub fn log(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let short = |lines: &[&str]| -> Vec<String> {
        lines.iter().map(|line| words::cut(line, LINE)).collect()
    };
    match lines.len().saturating_sub(HEAD + TAIL) {
        0 | 1 => short(&lines),
        more => {
            let mut shown = short(&lines[..HEAD]);
            shown.push(format!("... {more} lines left out ..."));
            shown.extend(short(&lines[lines.len() - TAIL..]));
            shown
        }
    }
}

pub fn indented<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let lines: Vec<String> = lines.map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

fn entry(entry: &BoardEntry) -> String {
    let kind = json!(entry.kind);
    format!(
        "  {} {}: {}",
        kind.as_str().unwrap_or_default(),
        entry.key,
        words::brief(&entry.value.as_str(), LINE)
    )
}
