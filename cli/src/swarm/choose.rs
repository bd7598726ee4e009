//! Which run a command means, and which of its nodes, where either may be left out.

use std::path::PathBuf;

use actors::archive::{self, DataFolder, SessionInfo};
use protocol::{NodeName, Seq, SessionId};
use views::{Swarm, View};

use super::list::runs;
use super::words;
use crate::args::sessions::session_name;
use crate::args::swarm::NamedArgs;
use crate::failure::{Failure, Kind};
use crate::resolve::environment::Environment;
use crate::resolve::place::{Place, project};
use crate::resolve::session::named;

/// How many names a hint has room for.
const NAMED: usize = 12;

/// A run as a command means it.
pub struct Chosen {
    /// The run.
    pub info: SessionInfo,
    /// Whether nobody named it.
    pub is_usual: bool,
    /// The project that has no run of its own, if this one was taken in its place.
    pub far_from: Option<PathBuf>,
}

impl Chosen {
    /// The run for people; with its goal where it was not they who named it.
    pub fn said(&self) -> String {
        let short = self.info.id.digits();
        match self.info.facts.title.as_deref().filter(|_| self.is_usual) {
            Some(goal) => format!("run {short} ({})", words::brief(goal, 60)),
            None => format!("run {short}"),
        }
    }
}

/// Where a run is looked for that nobody names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only among those of the project the command was typed in.
    Project,
    /// Among all, if the project has none.
    Beyond,
}

/// The run of this name; without one the project's only one under way, else its newest.
///
/// # Errors
/// When there is none, or more than one is under way.
pub fn run(data: &DataFolder, name: Option<&str>, reach: Reach) -> Result<Chosen, Failure> {
    match name {
        Some(name) => by_name(data, name),
        None => usual(data, reach),
    }
}

/// A run, and a node of it, of which either may be left out: one word alone is a run if it names one, else a node.
///
/// # Errors
/// As [`run`]; or the run has no such node, or the word may mean either.
pub fn run_or_node(
    data: &DataFolder,
    args: &NamedArgs,
    reach: Reach,
) -> Result<(Chosen, Option<NodeName>), Failure> {
    let word = match (&args.run, &args.node) {
        (None, _) => return usual(data, reach).map(|run| (run, None)),
        (Some(name), Some(word)) => {
            let run = by_name(data, name)?;
            let node = node(data, run.info.id, word)?;
            return Ok((run, Some(node)));
        }
        (Some(word), None) => word,
    };
    let usual = usual(data, reach).map(|run| (node(data, run.info.id, word), run));
    match (by_name(data, word), usual) {
        (Ok(run), Ok((Ok(_), usual))) => Err(Failure::usage(
            format_args!(
                "{word}: {} is called so, and so is a node of {}",
                run.said(),
                usual.said()
            ),
            format_args!(
                "name the node by both: {} {word}; or the run by its whole id: {}",
                usual.info.id.digits(),
                run.info.id
            ),
        )),
        (Ok(run), _) => Ok((run, None)),
        (Err(_), Ok((Ok(node), usual))) => Ok((usual, Some(node))),
        (Err(none), _) if session_name(word).is_ok() => Err(none),
        (Err(_), Ok((Err(none), _))) | (Err(none), Err(_)) => Err(none),
    }
}

/// A run that may be left out, and a node.
///
/// # Errors
/// As [`run`]; or the run has no such node.
pub fn run_and_node(data: &DataFolder, words: &[String]) -> Result<(Chosen, NodeName), Failure> {
    let (name, word) = match words {
        [run, node] => (Some(run.as_str()), node),
        [node] => (None, node),
        [] => {
            let hint = "write: formic swarm retry [ID] NODE";
            return Err(Failure::usage("NODE: missing", hint));
        }
        _ => {
            let hint = "one node is named at a time: formic swarm retry [ID] NODE";
            return Err(Failure::usage("NODE: more than one word", hint));
        }
    };
    let run = run(data, name, Reach::Project)?;
    let node = node(data, run.info.id, word)?;
    Ok((run, node))
}

fn by_name(data: &DataFolder, name: &str) -> Result<Chosen, Failure> {
    let wanted = session_name(name)
        .map_err(|hint| Failure::usage(format_args!("ID: {name:?} is not valid"), hint))?;
    let id = named(data, &wanted)?;
    let info = archive::list(data)?.into_iter().find(|info| info.id == id);
    let info = info.filter(|info| info.facts.run.is_some());
    let info = info.ok_or_else(|| no_run(id))?;
    Ok(Chosen {
        info,
        is_usual: false,
        far_from: None,
    })
}

/// The run that is meant where none is named.
fn usual(data: &DataFolder, reach: Reach) -> Result<Chosen, Failure> {
    let here = Place::find(&Environment::read(), None)?.root;
    let (own, others): (Vec<_>, Vec<_>) =
        runs(data)?.into_iter().partition(|info| is_of(info, &here));
    let live: Vec<&SessionInfo> = own.iter().filter(|info| info.locked_by.is_some()).collect();
    if let [_, _, ..] = live[..] {
        let names: Vec<String> = live.iter().map(|info| info.id.digits()).collect();
        return Err(Failure::usage(
            format_args!("ID: missing: {} runs are under way here", live.len()),
            format_args!("name one of {}", names.join(", ")),
        ));
    }
    let beyond = others.first().filter(|_| reach == Reach::Beyond);
    let found = live.first().copied().or(own.first()).or(beyond);
    let none = || match others.is_empty() {
        true => Failure::new(
            Kind::Session,
            "swarm: there is no run yet",
            "begin one with formic swarm \"GOAL\", or look at one: formic demo",
        ),
        false => Failure::new(
            Kind::Session,
            format_args!("swarm: there is no run of {}", here.display()),
            "name one: `formic swarm ls` shows all runs",
        ),
    };
    let info = found.cloned().ok_or_else(none)?;
    let far_from = own.is_empty().then(|| here.clone());
    Ok(Chosen {
        info,
        is_usual: true,
        far_from,
    })
}

/// A run that was chosen, as it is now.
pub fn again(data: &DataFolder, chosen: Chosen) -> Result<Chosen, Failure> {
    let id = chosen.info.id;
    let info = archive::list(data)?.into_iter().find(|info| info.id == id);
    let info = info.ok_or_else(|| no_run(id))?;
    Ok(Chosen { info, ..chosen })
}

/// Whether a run is of a project.
pub fn is_of(info: &SessionInfo, root: &std::path::Path) -> bool {
    is_in(info.facts.cwd.as_deref(), root)
}

/// Whether a folder that a run works in is of a project.
pub fn is_in(cwd: Option<&std::path::Path>, root: &std::path::Path) -> bool {
    cwd.is_some_and(|cwd| project(cwd) == root)
}

/// A node of a run, by name.
fn node(data: &DataFolder, run: SessionId, name: &str) -> Result<NodeName, Failure> {
    let report = archive::read(data, run, Seq(1))?;
    let swarm = Swarm::fold(&report.records);
    let found = swarm
        .nodes
        .iter()
        .find(|node| node.node.name.as_str() == name);
    found.map(|node| node.node.name.clone()).ok_or_else(|| {
        let names: Vec<&str> = swarm.nodes.iter().map(views::SwarmNode::name).collect();
        Failure::usage(
            format_args!("NODE: {name}: run {} has no such node", run.digits()),
            format_args!("name one of {}", words::list(&names, NAMED)),
        )
    })
}

/// A chat is not a run.
pub fn no_run(id: SessionId) -> Failure {
    Failure::new(
        Kind::Session,
        format_args!(
            "session {}: it is a chat, not a run of a swarm",
            id.digits()
        ),
        "`formic swarm ls` shows the runs; `formic sessions show` shows a chat",
    )
}
