//! What a planner reads: clusters and commands with their ids, in a text that never grows past its limit.

use std::fmt::Write as _;

use super::material::below;
use super::{Cluster, ClusterId, CommandFact, CommandId, Draft, Material, Purpose, Role};

/// The most files and names of one cluster that are listed.
const MOST_FILES: usize = 12;
const MOST_SYMBOLS: usize = 24;
/// The longest path, name or command that is shown, in characters; the rest is cut off.
const LONGEST: usize = 160;

/// The commands a planner may choose from: those that cover everything or something it is shown.
pub(super) fn offered(
    material: &Material,
    clusters: &[Cluster],
    shown: &[ClusterId],
    most: usize,
) -> Vec<CommandId> {
    let shown = || shown.iter().filter_map(|id| clusters.get(id.place()));
    let concerns = |command: &CommandFact| {
        let mut files = shown().flat_map(|cluster| &cluster.files);
        command.covers.is_empty() || files.any(|&f| below(&material.files[f].path, &command.covers))
    };
    let commands = material.commands.iter().enumerate();
    // A command whose text does not fit a line would not be recognised.
    let fitting = commands.filter(|(_, c)| c.cmd.chars().count() <= LONGEST && concerns(c));
    let mut offered: Vec<CommandId> = fitting.map(|(place, _)| CommandId::at(place)).collect();
    // What tells most about each cluster is offered first when not all can be.
    offered.sort_by_key(|id| (!shown().any(|c| c.accept == Some(*id)), *id));
    offered.truncate(most);
    offered.sort_unstable();
    offered
}

impl Draft {
    /// The facts for a planner. At most as long as the limits say, whatever the repository holds.
    pub fn facts(&self) -> String {
        let mut text = String::new();
        let all: usize = self.material.files.len();
        let (shown, clusters) = (self.shown.len(), self.clusters.len());
        let _ = writeln!(
            text,
            "{all} files in {clusters} clusters; {shown} of them, the closest to the goal:"
        );
        for command in self.commands() {
            text.push_str(&command);
        }
        let mut left = self.limits.facts.saturating_sub(text.len());
        let each = left / shown.max(1);
        let mut lines = String::new();
        for (place, id) in self.shown.iter().enumerate() {
            let line = self
                .cluster(*id)
                .map(|c| self.line(c, each))
                .unwrap_or_default();
            if line.len() > left {
                let _ = writeln!(lines, "and {} more, not shown", shown - place);
                break;
            }
            left -= line.len();
            lines.push_str(&line);
        }
        text.insert_str(text.find('\n').map_or(0, |end| end + 1), &lines);
        cut(&mut text, self.limits.facts);
        text
    }

    fn commands(&self) -> Vec<String> {
        let half = self.limits.facts / 2;
        let mut used = 0;
        let known = self
            .offered
            .iter()
            .filter_map(|id| Some((id, self.command(*id)?)));
        let lines = known.map(|(id, command)| {
            let what = match command.purpose {
                Purpose::Test => "tests",
                Purpose::Check => "checks",
                Purpose::Build => "builds",
                Purpose::Lint => "lints",
            };
            let covers = if command.covers.is_empty() {
                "everything"
            } else {
                &command.covers
            };
            format!("{id} `{}` {what} {}\n", shown(&command.cmd), shown(covers))
        });
        let fitting = lines.take_while(|line| {
            used += line.len();
            used <= half
        });
        std::iter::once("commands:\n".to_owned())
            .chain(fitting)
            .collect()
    }

    /// One cluster in `room` bytes, if its first line allows it.
    fn line(&self, cluster: &Cluster, room: usize) -> String {
        let place = if cluster.package.is_empty() {
            "."
        } else {
            &cluster.package
        };
        let mut text = format!(
            "{} in {}: {} files, {} lines",
            cluster.id,
            shown(place),
            cluster.files.len(),
            cluster.lines
        );
        if !cluster.needs.is_empty() {
            let needs: Vec<String> = cluster
                .needs
                .iter()
                .take(MOST_FILES)
                .map(ToString::to_string)
                .collect();
            let _ = write!(text, "; needs {}", needs.join(" "));
        }
        if let Some(accept) = cluster.accept.filter(|id| self.offered.contains(id)) {
            let _ = write!(text, "; auto is {accept}");
        }
        text.push('\n');
        let facts = || cluster.files.iter().map(|&file| &self.material.files[file]);
        let files = facts().map(|file| {
            let test = if file.role == Role::Test {
                " (test)"
            } else {
                ""
            };
            format!("{}{test}", shown(&file.path))
        });
        list(&mut text, "  files: ", files.take(MOST_FILES), room);
        let symbols = facts()
            .filter(|f| f.role != Role::Test)
            .flat_map(|file| &file.symbols);
        list(
            &mut text,
            "  defines: ",
            symbols.take(MOST_SYMBOLS).map(|s| shown(s)),
            room,
        );
        text
    }
}

/// Adds a line of items, as many as have room.
fn list(text: &mut String, head: &str, items: impl Iterator<Item = String>, room: usize) {
    let mut line = String::new();
    for item in items {
        if text.len() + head.len() + line.len() + item.len() + 6 > room {
            line.push_str(", ...");
            break;
        }
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(&item);
    }
    if !line.is_empty() && line != ", ..." {
        text.push_str(head);
        text.push_str(&line);
        text.push('\n');
    }
}

/// What a repository calls something, as one harmless piece of a line.
pub(super) fn shown(text: &str) -> String {
    let visible = text.chars().take(LONGEST);
    visible
        .map(|c| if c.is_control() || c == '`' { '?' } else { c })
        .collect()
}

/// Cuts a text to at most `most` bytes, never inside a character.
fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        let end = (0..=most)
            .rev()
            .find(|&end| text.is_char_boundary(end))
            .unwrap_or(0);
        text.truncate(end);
    }
}
