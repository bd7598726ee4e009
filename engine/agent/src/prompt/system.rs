//! The system prompt: identity, hard rules, style, workflow, decision rule, tool notes. No date, no path, nothing that moves.

/// The system prompt, followed by what the user wants appended.
pub fn system(append: Option<&str>) -> String {
    match append {
        Some(more) => format!("{}\n{}", BASE.trim_end(), more.trim()),
        None => BASE.trim_end().to_owned(),
    }
}

const BASE: &str = include_str!("system.md");
