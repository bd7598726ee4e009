//! The title of a node whose plan gives it none: the first line of its brief.

use protocol::{Node, NodeName};

/// The longest, in characters.
const LONGEST: usize = 72;

/// The title of a node of this name: the first line of its brief that says something, as one harmless line of at most 72
/// characters, else its name.
pub(crate) fn of(name: &NodeName, brief: Option<&str>) -> String {
    let shown = brief.and_then(first_line);
    shown.unwrap_or_else(|| name.to_string())
}

/// Whether a node has the title that its brief gives it, rather than one of its own.
pub fn has_title_of_brief(node: &Node) -> bool {
    let brief = node.brief.as_ref().map(|brief| brief.as_str());
    node.title == of(&node.name, brief.as_deref())
}

fn first_line(brief: &str) -> Option<String> {
    let line = brief.lines().map(str::trim).find(|line| !line.is_empty())?;
    let shown = line.chars().map(|c| if c.is_control() { '?' } else { c });
    Some(match line.chars().count() > LONGEST {
        true => shown.take(LONGEST - 3).chain("...".chars()).collect(),
        false => shown.collect(),
    })
}
