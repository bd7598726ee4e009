//! The files and folders below a folder that count: not hidden, not ignored, not forbidden; in order of path.

use std::fs;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use ignore::WalkBuilder;
use ignore::types::{Types, TypesBuilder};
use tokio_util::sync::CancellationToken;

use crate::place::Place;

/// The longest pattern of names, and the deepest braces in one: the library that reads them descends once per brace.
const PATTERN_BYTES: usize = 4_096;
const PATTERN_DEPTH: usize = 16;

/// What to walk.
pub(crate) struct Walk<'a> {
    pub(crate) root: &'a Path,
    pub(crate) place: &'a dyn Place,
    pub(crate) cancel: &'a CancellationToken,
    /// Levels below the root; `None` for all.
    pub(crate) depth: Option<usize>,
    pub(crate) types: Option<Types>,
}

/// One entry.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    pub(crate) folder: bool,
    /// Levels below the root; 0 is the root itself.
    pub(crate) depth: usize,
}

/// All entries, and how many were passed over because a rule forbids reading them.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) entries: Vec<Entry>,
    pub(crate) forbidden: usize,
}

impl Walk<'_> {
    /// Walks. Entries that cannot be read are passed over, as `rg` does; symlinks are not followed.
    pub(crate) fn entries(self) -> Walked {
        let mut walker = WalkBuilder::new(self.root);
        walker
            .require_git(false)
            .git_global(false)
            .max_depth(self.depth)
            .sort_by_file_path(Path::cmp);
        if let Some(types) = self.types {
            walker.types(types);
        }
        // The walker reads the ignore files of the folders above its root too.
        if !self.root.ancestors().all(is_sound) {
            walker.standard_filters(false).hidden(true);
        }
        walker.filter_entry(|entry| {
            !entry.file_type().is_some_and(|kind| kind.is_dir()) || is_sound(entry.path())
        });
        let mut walked = Walked::default();
        for entry in walker.build().filter_map(Result::ok) {
            if self.cancel.is_cancelled() {
                break;
            }
            let Some(kind) = entry.file_type().filter(|kind| !kind.is_symlink()) else {
                continue;
            };
            if !self.place.may_read(entry.path()) {
                walked.forbidden += 1;
                continue;
            }
            walked.entries.push(Entry {
                folder: kind.is_dir(),
                depth: entry.depth(),
                path: entry.into_path(),
            });
        }
        walked
    }
}

/// The files of the type called `name`, as `rg` knows them.
///
/// # Errors
/// A sentence for the model: no such type.
pub(crate) fn types(name: &str) -> Result<Types, String> {
    let mut builder = TypesBuilder::new();
    builder.add_defaults().select(name);
    builder
        .build()
        .map_err(|error| format!("type {name:?}: {error}. Use glob instead, for example *.{name}."))
}

/// A pattern of names below a root.
pub(crate) struct Names {
    matcher: GlobMatcher,
    /// Without a slash the pattern is of the last part of a path, at any depth.
    last: bool,
    /// With a leading `!` it is of what does not count.
    negated: bool,
}

impl Names {
    /// Reads `pattern`; an absolute one must be below `root`.
    ///
    /// # Errors
    /// A sentence for the model.
    pub(crate) fn new(pattern: &str, root: &Path) -> Result<Self, String> {
        if pattern.len() > PATTERN_BYTES || braces(pattern.as_bytes()) > PATTERN_DEPTH {
            return Err(format!(
                "the pattern has more than {PATTERN_BYTES} bytes, or braces more than {PATTERN_DEPTH} deep: use a \
                 simpler one."
            ));
        }
        let bare = pattern.strip_prefix('!').unwrap_or(pattern);
        let rootless = root
            .to_str()
            .and_then(|root| bare.strip_prefix(root)?.strip_prefix('/'));
        let below = rootless.unwrap_or(bare).trim_start_matches("./");
        if below.starts_with('/') {
            return Err(format!(
                "the pattern {pattern} is absolute and not below {}: set path to its folder and make it relative.",
                root.display()
            ));
        }
        let glob = GlobBuilder::new(below)
            .literal_separator(true)
            .build()
            .map_err(|error| format!("the pattern cannot be read: {error}"))?;
        Ok(Self {
            matcher: glob.compile_matcher(),
            last: !below.contains('/') && rootless.is_none(),
            negated: pattern.starts_with('!'),
        })
    }

    /// Whether the file at `path` below `root` counts.
    pub(crate) fn take(&self, path: &Path, root: &Path) -> bool {
        let below = match path.strip_prefix(root) {
            Ok(below) if !below.as_os_str().is_empty() => below,
            // The root is this very file.
            Ok(_) | Err(_) => path.file_name().map_or(path, Path::new),
        };
        let named = match below.file_name() {
            Some(name) if self.last => self.matcher.is_match(name),
            _ => self.matcher.is_match(below),
        };
        named != self.negated
    }
}

/// Files that the walker reads by itself, whatever they are.
const IGNORE_FILES: [&str; 3] = [".gitignore", ".ignore", ".git/info/exclude"];
/// A longer ignore file is not believed.
const IGNORE_BYTES: u64 = 1024 * 1024;

/// Whether the ignore files of a folder can be read without harm: one that is a pipe or a link to a device would be read
/// for ever, and braces in braces bring the process down.
fn is_sound(folder: &Path) -> bool {
    IGNORE_FILES.iter().all(|name| {
        let file = folder.join(name);
        let Ok(meta) = fs::metadata(&file) else {
            return true;
        };
        meta.is_dir()
            || meta.is_file()
                && meta.len() <= IGNORE_BYTES
                && fs::read(&file).is_ok_and(|text| {
                    text.split(|byte| *byte == b'\n')
                        .all(|line| braces(line) <= PATTERN_DEPTH)
                })
    })
}

/// How many braces are open at once, at most.
fn braces(pattern: &[u8]) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in pattern {
        match byte {
            b'{' => open += 1,
            b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}
