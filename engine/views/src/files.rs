//! Which files were read and changed, and by how many lines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use protocol::{Event, Fact, Record, ToolEvent, ToolResult};
use serde::Serialize;

use crate::View;

/// The files of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FilesTouched {
    /// By path.
    pub files: BTreeMap<PathBuf, FileTouch>,
}

/// What was done to one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FileTouch {
    /// Results that showed it without changing it.
    pub reads: u32,
    /// Results that changed it.
    pub writes: u32,
    /// Lines added, over all changes.
    pub added: u64,
    /// Lines removed, over all changes.
    pub removed: u64,
}

impl FilesTouched {
    /// The files that were changed, by path.
    pub fn changed(&self) -> impl Iterator<Item = (&Path, &FileTouch)> {
        let files = self
            .files
            .iter()
            .map(|(path, touch)| (path.as_path(), touch));
        files.filter(|(_, touch)| touch.writes > 0)
    }

    /// Lines added and removed over all files.
    pub fn lines(&self) -> (u64, u64) {
        self.files.values().fold((0, 0), |(added, removed), touch| {
            (added + touch.added, removed + touch.removed)
        })
    }

    fn result(&mut self, result: &ToolResult) {
        for fact in &result.facts {
            match fact {
                Fact::FileWritten {
                    path,
                    added,
                    removed,
                } => {
                    let touch = self.files.entry(path.clone()).or_default();
                    touch.writes += 1;
                    touch.added += added;
                    touch.removed += removed;
                }
                Fact::FileSeen { path, .. } if !writes(result, path) => {
                    self.files.entry(path.clone()).or_default().reads += 1;
                }
                Fact::FileSeen { .. }
                | Fact::Cwd(_)
                | Fact::Spilled(_)
                | Fact::Exited(_)
                | Fact::Todos(_)
                | Fact::Instructions { .. }
                | Fact::Noted(_)
                | Fact::Delegated(_)
                | Fact::Structured(_) => {}
            }
        }
    }
}

/// Whether `result` changed `path`: a write also lets the agent know the new content.
fn writes(result: &ToolResult, path: &Path) -> bool {
    let mut facts = result.facts.iter();
    facts.any(|fact| matches!(fact, Fact::FileWritten { path: written, .. } if written == path))
}

impl View for FilesTouched {
    fn apply(&mut self, record: &Record) {
        match &record.event {
            Event::Tool(ToolEvent::Finished { result, .. }) => self.result(result),
            Event::Tool(ToolEvent::Started { .. } | ToolEvent::Reopened { .. })
            | Event::Session(_)
            | Event::Turn(_)
            | Event::Model(_)
            | Event::Permission(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }
}
