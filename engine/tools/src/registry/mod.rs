//! The tools by name: declared to models, found under every name models were taught, arguments fitted.

mod fit;
mod names;

use protocol::ToolDecl;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::builtin::bash::Bash;
use crate::builtin::bash_output::BashOutput;
use crate::builtin::edit::EditFile;
use crate::builtin::glob::Glob;
use crate::builtin::grep::Grep;
use crate::builtin::kill_bash::KillBash;
use crate::builtin::list::List;
use crate::builtin::memory_note::MemoryNote;
use crate::builtin::memory_search::MemorySearch;
use crate::builtin::multi_edit::MultiEdit;
use crate::builtin::read::ReadFile;
use crate::builtin::task::Task;
use crate::builtin::todo::TodoList;
use crate::builtin::write::WriteFile;
use crate::file::nearest::nearest;
use crate::tool::{ReadTool, Tool, WriteTool};

/// A tool with what models are told about it.
pub struct Entry {
    /// The canonical name.
    pub name: &'static str,
    /// What it does, when not to use it, its limits.
    pub description: &'static str,
    /// JSON Schema of the arguments: an object with typed properties.
    pub schema: &'static str,
    /// The tool itself.
    pub tool: Tool,
}

/// A call matched to its tool.
pub struct Bound<'a> {
    /// The canonical name.
    pub name: &'static str,
    /// The arguments under their canonical names, of the types the schema wants.
    pub args: Value,
    /// The tool.
    pub tool: &'a Tool,
}

/// All tools of a run.
pub struct Registry {
    entries: Vec<Entry>,
}

macro_rules! builtin {
    ($name:literal, $kind:ident, $tool:expr) => {
        Entry {
            name: $name,
            description: include_str!(concat!("../builtin/", $name, ".md")).trim_ascii_end(),
            schema: include_str!(concat!("../builtin/", $name, ".json")).trim_ascii_end(),
            tool: $kind(Box::new($tool)),
        }
    };
}

fn reads(tool: Box<dyn ReadTool>) -> Tool {
    Tool::Read(tool)
}

fn writes(tool: Box<dyn WriteTool>) -> Tool {
    Tool::Write(tool)
}

impl Registry {
    /// The built-in tools.
    pub fn builtin() -> Self {
        Self {
            entries: vec![
                builtin!("bash", writes, Bash),
                builtin!("bash_output", reads, BashOutput),
                builtin!("edit", writes, EditFile),
                builtin!("glob", reads, Glob),
                builtin!("grep", reads, Grep),
                builtin!("kill_bash", reads, KillBash),
                builtin!("list", reads, List),
                builtin!("multi_edit", writes, MultiEdit),
                builtin!("read", reads, ReadFile),
                builtin!("task", reads, Task),
                builtin!("todo", reads, TodoList),
                builtin!("write", writes, WriteFile),
            ],
        }
    }

    /// The same with the tools that need the board of a run.
    #[must_use]
    pub fn with_board(self) -> Self {
        self.with(builtin!("memory_note", reads, MemoryNote))
            .with(builtin!("memory_search", reads, MemorySearch))
    }

    /// The same with one more tool; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, entry: Entry) -> Self {
        self.entries.retain(|known| known.name != entry.name);
        self.entries.push(entry);
        self.entries.sort_by_key(|entry| entry.name);
        self
    }

    /// The canonical names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.entries.iter().map(|entry| entry.name)
    }

    /// The canonical name of the tool called `name`, which may be an alias.
    pub fn canonical(&self, name: &str) -> Option<&'static str> {
        self.find(name).map(|entry| entry.name)
    }

    /// The declarations of those of `names` that exist, sorted by name. A schema that is not JSON is left out:
    /// the tests hold the built-in ones to it.
    pub fn declarations(&self, names: &[&str]) -> Vec<ToolDecl> {
        self.entries
            .iter()
            .filter(|entry| {
                names
                    .iter()
                    .any(|name| self.canonical(name) == Some(entry.name))
            })
            .filter_map(|entry| {
                Some(ToolDecl {
                    name: entry.name.to_owned(),
                    description: entry.description.to_owned(),
                    schema: RawValue::from_string(entry.schema.to_owned()).ok()?,
                })
            })
            .collect()
    }

    /// Matches a call as the model wrote it to its tool.
    ///
    /// # Errors
    /// What the model is told: no such tool and which is nearest, or what is wrong with which argument.
    pub fn resolve(&self, name: &str, arguments_json: &str) -> Result<Bound<'_>, String> {
        let Some(entry) = self.find(name) else {
            return Err(self.unknown(name));
        };
        let args = fit::object(arguments_json)
            .and_then(|args| fit::fit(entry.schema, args))
            .map_err(|error| format!("{}: {error}", entry.name))?;
        Ok(Bound {
            name: entry.name,
            args,
            tool: &entry.tool,
        })
    }

    fn find(&self, name: &str) -> Option<&Entry> {
        let own = |name: &str| self.entries.iter().find(|entry| entry.name == name);
        own(name).or_else(|| own(names::tool(name)?))
    }

    fn unknown(&self, name: &str) -> String {
        let all: Vec<&str> = self.names().collect();
        let own = nearest(name, &all).first().copied();
        let near = own.or_else(|| names::near(name));
        match near.filter(|near| all.contains(near)) {
            Some(near) => format!(
                "there is no tool {name:?}; did you mean {near}? There are: {}.",
                all.join(", ")
            ),
            None => format!("there is no tool {name:?}. There are: {}.", all.join(", ")),
        }
    }
}
