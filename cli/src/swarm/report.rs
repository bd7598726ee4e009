//! The report at the end of a run: every node, the totals against the forecast, what landed where, and what did not.

mod leads;

use actors::plans::Forecast;
use protocol::{Cost, FaultKind, Isolation, NodeName, SessionId, Timestamp};
use serde_json::{Value, json};
use views::{Lack, NodeLine, NodeState, Phase, RunStatus, Swarm, SwarmNode, SwarmReport};

use super::draw::Strokes;
use super::marks::mark;
use super::screen::Paper;
use super::words;
use crate::failure::{Failure, Kind};
use crate::output;
use crate::run::ending::{MEND_KEY, MEND_SERVER};

/// In fewer columns than this the table leaves out what matters less.
const NARROW: usize = 80;

/// Attempts, files and the check.
const LESSER: std::ops::Range<usize> = 2..5;

/// The most characters of the last column.
const REMARK: usize = 100;

/// A report and what was expected.
pub struct Report {
    report: SwarmReport,
    forecast: Option<Forecast>,
    /// The models of its agents whose price is not known.
    unpriced: Vec<String>,
    has_process: bool,
    is_paused: bool,
    /// What is to be mended before the run can go on: there is no model to ask.
    mend: Option<&'static str>,
    /// The folder in which all nodes work, where they have no trees of their own.
    shared: Option<String>,
    /// What it had too little of, if that is why something is not done.
    lack: Option<Lack>,
    /// Whether what was not done may be tried again.
    is_retryable: bool,
    /// The nodes for which that would be in vain: they have used up what the plan gives them.
    used_up: Vec<NodeName>,
    /// The nodes for which it would be until a rule or a command is mended.
    in_vain: Vec<NodeName>,
    /// Whether a command was denied because no rule allows it.
    is_unruled: bool,
}

/// When a report is made, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Of a run that no process has: as its records leave it.
    AtRest,
    /// By the process that has had it until this moment and lets it go.
    Leaving(Timestamp),
    /// Of a run that a process has at this moment.
    UnderWay(Timestamp),
}

impl Report {
    /// The report of a run as it stands.
    pub fn new(
        swarm: &Swarm,
        run: SessionId,
        (forecast, moment): (Option<Forecast>, Moment),
    ) -> Self {
        let models = swarm.ledger.models.iter();
        let ground = swarm.ground.as_ref();
        let shared = ground.filter(|ground| ground.isolation == Isolation::Shared);
        let unpriced = models.filter(|(_, tally)| tally.cost.is_none());
        let report = match moment {
            Moment::AtRest => swarm.report(run),
            Moment::Leaving(now) | Moment::UnderWay(now) => swarm.report_at(run, now),
        };
        let names = |is: &dyn Fn(&SwarmNode) -> bool| {
            let nodes = swarm.nodes.iter().zip(&report.nodes);
            let nodes = nodes.filter(|(node, _)| is(node));
            nodes.map(|(_, line)| line.id.clone()).collect()
        };
        Self {
            used_up: names(&|node| swarm.has_used_up_its_own(node)),
            in_vain: names(&SwarmNode::is_in_vain),
            is_unruled: swarm.nodes.iter().any(SwarmNode::is_unruled),
            report,
            forecast,
            unpriced: unpriced.map(|(model, _)| model.clone()).collect(),
            has_process: matches!(moment, Moment::UnderWay(_)),
            is_paused: swarm.phase == Phase::Paused,
            lack: swarm.lack(),
            is_retryable: swarm.is_retryable(),
            mend: swarm.no_model().map(|no_model| match no_model.kind {
                FaultKind::Authentication => MEND_KEY,
                _ => MEND_SERVER,
            }),
            shared: shared.map(|ground| ground.root.display().to_string()),
        }
    }

    /// What keeps a run from going on that nobody works on, until somebody has mended it.
    pub fn halt(&self) -> Option<Failure> {
        let mend = self.mend.filter(|_| self.is_interrupted())?;
        let run = self.report.run_id.digits();
        let why = self.report.why.as_deref().unwrap_or_default();
        let hint = format_args!("{mend}; then go on with: formic swarm resume {run}");
        Some(Failure::new(Kind::Backend, why, hint))
    }

    /// Whether it can go on and nobody works on it.
    fn is_interrupted(&self) -> bool {
        self.report.status == RunStatus::Unfinished && !self.has_process
    }

    /// The exit code that the report amounts to.
    pub fn code(&self) -> u8 {
        if let Some(halt) = self.halt() {
            return halt.kind.exit_code();
        }
        match self.report.status {
            RunStatus::Success => 0,
            RunStatus::Partial
            | RunStatus::Failed
            | RunStatus::Cancelled
            | RunStatus::Unfinished => 1,
            RunStatus::LimitReached => 4,
            RunStatus::Rejected => 5,
        }
    }

    /// One object for programs.
    pub fn json(&self) -> Value {
        let mut object = json!(self.report);
        object["forecast"] = self.forecast.as_ref().map_or(Value::Null, |forecast| {
            json!({
                "agents": forecast.agents,
                "tokens": forecast.tokens,
                "cost_usd": forecast.cost.map(Cost::usd),
                "makespan_ms": forecast.makespan_ms,
            })
        });
        let hint = self.halt().map(|halt| halt.hint);
        if let Some(hint) = hint.or_else(|| self.anew().map(str::to_owned)) {
            object["hint"] = json!(hint);
        }
        object
    }

    /// Everything for people.
    pub fn text(&self, paper: Paper) -> String {
        let mut parts = vec![self.head()];
        if !self.report.nodes.is_empty() {
            parts.push(output::fitted(&self.rows(paper), paper.room));
            parts.push(self.totals());
        }
        parts.extend(self.changes());
        parts.extend(self.landing());
        parts.extend(self.kept());
        parts.extend(self.why());
        parts.extend(self.next());
        words::safe(&parts.join("\n\n"))
    }

    fn head(&self) -> String {
        let totals = &self.report.totals;
        let said = match self.report.status {
            RunStatus::Success => "every node is done",
            RunStatus::Partial => "some nodes are not done",
            RunStatus::Failed if !self.is_retryable => "nothing was begun",
            RunStatus::Failed if self.report.totals.done > 0 => "failed",
            RunStatus::Failed => "no node is done",
            RunStatus::LimitReached if self.lack == Some(Lack::Time) => "its time was used up",
            RunStatus::LimitReached => "a budget was used up",
            RunStatus::Cancelled => "cancelled",
            RunStatus::Rejected => "the plan was rejected; nothing was done",
            RunStatus::Unfinished if self.is_paused => "paused",
            RunStatus::Unfinished if self.has_process => "under way",
            RunStatus::Unfinished => "interrupted",
        };
        let so_far = match self.report.status {
            RunStatus::Unfinished => " done",
            _ => "",
        };
        let goal = words::brief(&self.report.goal, 200);
        let run = self.report.run_id.digits();
        let nodes = words::count(totals.nodes, "node");
        match totals.nodes {
            0 => format!("{goal}\nrun {run}: {said}"),
            _ => format!(
                "{goal}\nrun {run}: {said} ({} of {nodes}{so_far})",
                totals.done
            ),
        }
    }

    fn rows(&self, paper: Paper) -> Vec<Vec<String>> {
        let heads = [
            "node",
            "state",
            "attempts",
            "files",
            "check",
            "tokens",
            "money",
            "time",
            "commit or why",
        ];
        let mut rows = vec![heads.map(str::to_owned).to_vec()];
        let nodes = self.report.nodes.iter();
        rows.extend(nodes.map(|node| row(node, paper.strokes, self.is_interrupted())));
        if paper.room < NARROW {
            rows.iter_mut().for_each(|row| drop(row.drain(LESSER)));
        }
        rows
    }

    /// Where the plan was changed under way.
    fn changes(&self) -> Option<String> {
        let changes = self.report.changes.iter().map(words::change);
        let told: Vec<String> = changes.collect();
        (!told.is_empty()).then(|| format!("changes of the plan:\n{}", told.join("\n")))
    }

    fn totals(&self) -> String {
        let totals = &self.report.totals;
        let used = &totals.used;
        let spent = used.usage.total();
        let mut lines = vec![format!(
            "total: {} done, {} failed, {} not done; {}, {}, {}, {} tokens, {}, {}",
            totals.done,
            totals.failed,
            totals.not_done,
            words::count(totals.attempts as usize, "attempt"),
            words::count(used.model_calls as usize, "model call"),
            words::count(used.tool_calls as usize, "tool call"),
            words::tokens(spent),
            words::cost(used.cost_usd, &self.unpriced),
            words::span(used.wall_ms),
        )];
        if let Some(forecast) = &self.forecast {
            lines.push(format!(
                "forecast: {}, {} tokens{}, {}, {}",
                words::count(forecast.agents as usize, "agent"),
                words::tokens(forecast.tokens),
                words::share(spent, forecast.tokens),
                words::cost(forecast.cost.map(Cost::usd), &self.unpriced),
                words::span(forecast.makespan_ms),
            ));
        }
        lines.extend(words::budget(&totals.budget));
        if used.overrun_tokens > 0 {
            let over = words::tokens(used.overrun_tokens);
            lines.push(format!(
                "providers counted {over} tokens more than were set aside for their calls; what they counted is what is told here"
            ));
        }
        if used.estimated_tokens > 0 {
            let estimated = words::tokens(used.estimated_tokens);
            lines.push(format!(
                "of these tokens {estimated} are an estimate, of calls that broke off or were lost before their provider had counted them"
            ));
        }
        lines.join("\n")
    }
}

fn row(node: &NodeLine, strokes: Strokes, is_interrupted: bool) -> Vec<String> {
    let state = standing(node, !is_interrupted);
    let check = node
        .checks
        .last()
        .map(|check| match (check.passed, check.exit) {
            _ if check.denied.is_some() => "not run: denied".to_owned(),
            (true, _) => format!("ok {}", words::span(check.ms)),
            (false, Some(exit)) => format!("exit {exit}"),
            (false, None) => "cut off".to_owned(),
        });
    let commit = node
        .commit
        .as_ref()
        .map(|commit| short(&commit.to_string()));
    let why = node.reason.as_ref().map(|why| words::brief(why, REMARK));
    vec![
        node.id.to_string(),
        format!("{} {state}", mark(node.state, strokes)),
        node.attempts.to_string(),
        node.files.len().to_string(),
        check.unwrap_or_else(|| "-".to_owned()),
        words::tokens(node.used.usage.total()),
        words::money(node.used.cost_usd),
        words::span(node.used.wall_ms),
        commit.or(why).unwrap_or_default(),
    ]
}

/// The state of a node. Where no process has its run, nothing of it goes on, whatever its records say.
pub const fn standing(node: &NodeLine, has_process: bool) -> &'static str {
    match node.state {
        NodeState::Working | NodeState::Inspecting | NodeState::InBatch if !has_process => {
            "interrupted"
        }
        state => state.said(node.attempts),
    }
}

/// The beginning of a commit's id.
pub fn short(commit: &str) -> String {
    commit.chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use actors::plans::forecast;
    use views::View;

    use super::*;
    use crate::swarm::sample;

    #[test]
    fn the_report_is_a_table_with_its_totals_and_where_the_result_is() {
        let swarm = Swarm::fold(&sample::over());
        let expected = forecast(&sample::plan(), 8, &Default::default());
        let report = Report::new(&swarm, sample::session(), (Some(expected), Moment::AtRest));
        let paper = Paper {
            width: 100,
            room: usize::MAX,
            strokes: Strokes::Box,
        };
        insta::assert_snapshot!("report", report.text(paper));
        let narrow = Paper { room: 60, ..paper };
        let table = output::fitted(&report.rows(narrow), narrow.room);
        assert!(
            table.lines().all(|line| line.chars().count() <= 60),
            "{table}"
        );
        assert_eq!(report.code(), 1);
        assert_eq!(report.json()["status"], "partial");
        assert_eq!(report.json()["forecast"]["agents"], 7);
        let mut shared = report;
        shared.shared = Some("/home/me/notes".to_owned());
        let text = shared.text(paper);
        assert!(
            text.contains("what was made is in the folder /home/me/notes, "),
            "{text}"
        );
        let mut under_way = Report {
            shared: None,
            ..shared
        };
        under_way.report.status = RunStatus::Unfinished;
        let text = under_way.text(paper);
        assert!(
            text.contains("so far on the branch formic/1234 at"),
            "{text}"
        );
        assert!(!text.contains("git merge"), "{text}");
        for (has_process, is_paused, said) in [
            (true, false, "under way ("),
            (true, true, "paused ("),
            (false, true, "paused ("),
            (false, false, "interrupted ("),
        ] {
            under_way = Report {
                has_process,
                is_paused,
                ..under_way
            };
            assert!(under_way.text(paper).contains(said), "{said}");
        }
    }
}
