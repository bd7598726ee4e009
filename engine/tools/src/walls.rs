//! Walls around commands: what they and all they start may write, held by the kernel where it can.

use std::path::{Path, PathBuf};

/// What a command sees and may write besides what every command does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds<'a> {
    /// Environment variables it must not see. They win over those added.
    pub scrubbed: &'a [String],
    /// Environment variables set for it, by name and value.
    pub added: &'a [(String, String)],
    /// The walls around it; `None` for none.
    pub walls: Option<&'a Walls>,
}

/// Files that belong to nobody, and which programs write all the time.
const DEVICES: [&str; 8] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];

/// Shared memory of the machine, which test runners and browsers want.
const SHARED_MEMORY: &str = "/dev/shm";

/// Which folders a command may write. It reads everything; names of files it cannot write can still be given other
/// rights and times by their owner, which no wall of the kernel prevents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walls {
    root: PathBuf,
    temp: PathBuf,
    shared: Vec<PathBuf>,
    closed: Vec<PathBuf>,
}

impl Walls {
    /// Around a tree and a folder for temporary files, which is made when it is missing and is the command's `TMPDIR`.
    /// Both absolute.
    pub fn around(root: impl Into<PathBuf>, temp: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            temp: temp.into(),
            shared: vec![SHARED_MEMORY.into()],
            closed: Vec::new(),
        }
    }

    /// With a folder or file outside that may be written as well: a build tool's cache. Left out where it is missing,
    /// and where a closed folder lies in it.
    #[must_use]
    pub fn sharing(mut self, folder: impl Into<PathBuf>) -> Self {
        self.shared.push(folder.into());
        self
    }

    /// With a folder that is never written, whatever is shared. The tree and the temporary folder may lie in it.
    #[must_use]
    pub fn closing(mut self, folder: impl Into<PathBuf>) -> Self {
        self.closed.push(folder.into());
        self
    }

    /// The folder for temporary files.
    pub fn temp(&self) -> &Path {
        &self.temp
    }

    /// Everything that exists and may be written, symlinks resolved.
    pub(crate) fn writable(&self) -> Vec<PathBuf> {
        let real = |path: &PathBuf| path.canonicalize().ok();
        let closed: Vec<PathBuf> = self.closed.iter().filter_map(real).collect();
        let apart = |dir: &PathBuf| {
            let meets = |one: &PathBuf| one.starts_with(dir) || dir.starts_with(one);
            !closed.iter().any(meets)
        };
        let own = [&self.root, &self.temp].into_iter().filter_map(real);
        let shared = self.shared.iter().filter_map(real).filter(apart);
        let devices = DEVICES.iter().map(PathBuf::from);
        own.chain(shared).chain(devices).collect()
    }

    /// What a command that was refused is told.
    pub(crate) fn remark(&self) -> String {
        format!(
            "(this command may write only below {} and $TMPDIR; everything else is out of its reach)",
            self.root.display()
        )
    }
}

/// Whether this system's kernel holds walls. Where it does not, commands run without, and only what they say and what
/// they did to the tree is looked at.
pub fn walls_hold() -> bool {
    crate::process::wall::holds()
}
