//! Looks at each file once: reads it without following links, counts, parses.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::num::NonZero;
use std::path::Path;
use std::thread;

use rustix::fs::{Mode, OFlags};

use crate::facts::{self, folder};
use crate::syntax::{self, Seen};
use crate::{File, Flaw, Language, Limits, Role};

/// More threads than these hardly help: reading is most of the work.
const MOST_THREADS: usize = 8;

/// How much of a file is looked at to tell text from data.
const HEAD: usize = 8 * 1024;

/// A file and what was seen in it.
#[derive(Debug)]
pub(crate) struct Looked {
    pub file: File,
    pub seen: Seen,
    /// The text, for manifests only.
    pub text: Option<String>,
}

/// Looks at every path once, in parallel; the result is sorted by path.
pub(crate) fn all(root: &Path, paths: &[String], limits: Limits) -> Vec<Looked> {
    let mut paths: Vec<&str> = paths
        .iter()
        .map(String::as_str)
        .filter(|p| is_plain(p))
        .collect();
    paths.sort_unstable();
    paths.dedup();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.min(MOST_THREADS).min(paths.len().max(1));
    let share = |first: usize| -> Vec<(usize, Looked)> {
        let mut eye = Eye {
            root,
            limits,
            links: BTreeMap::new(),
        };
        let own = paths.iter().enumerate().skip(first).step_by(threads);
        own.map(|(at, path)| (at, eye.look(path))).collect()
    };
    let mut looked = thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|first| scope.spawn(move || share(first)))
            .collect();
        let mut looked = share(0);
        // A thread that broke off has nothing to tell; the others' results stand.
        looked.extend(
            others
                .into_iter()
                .filter_map(|other| other.join().ok())
                .flatten(),
        );
        looked
    });
    looked.sort_unstable_by_key(|(at, _)| *at);
    looked.into_iter().map(|(_, looked)| looked).collect()
}

/// Whether a path is relative, without `..` and the like: what version control lists.
fn is_plain(path: &str) -> bool {
    path.split('/').all(|name| !matches!(name, "" | "." | "..")) && !path.contains('\0')
}

struct Eye<'a> {
    root: &'a Path,
    limits: Limits,
    /// For each folder seen whether a link is on its way.
    links: BTreeMap<String, bool>,
}

impl Eye<'_> {
    fn look(&mut self, path: &str) -> Looked {
        let mut file = File {
            path: path.to_owned(),
            language: Language::of(path),
            role: Role::Plain,
            package: String::new(),
            bytes: 0,
            lines: 0,
            symbols: Vec::new(),
            imports: Vec::new(),
            hot: false,
            flaw: None,
        };
        let (mut seen, mut kept) = (Seen::default(), None);
        match self.text(path, &mut file) {
            Ok(text) => {
                file.lines = lines(&text);
                if let Some(language) = file.language {
                    seen = self.parse(language, &text, &mut file);
                }
                kept = crate::manifest::is_read(path).then_some(text);
            }
            Err(flaw) => file.flaw = Some(flaw),
        }
        Looked {
            file,
            seen,
            text: kept,
        }
    }

    fn parse(&self, language: Language, text: &str, file: &mut File) -> Seen {
        if text.len() > self.limits.parse {
            file.flaw = Some(Flaw::Large);
            return Seen::default();
        }
        let (seen, flaw) = syntax::see(language, text, self.limits);
        file.flaw = flaw;
        file.symbols = seen
            .symbols
            .iter()
            .take(self.limits.names)
            .cloned()
            .collect();
        file.imports = seen.written(self.limits.names);
        seen
    }

    fn text(&mut self, path: &str, file: &mut File) -> Result<String, Flaw> {
        if self.is_behind_link(folder(path)) {
            return Err(Flaw::Link);
        }
        let whole = self.root.join(path);
        let kind = fs::symlink_metadata(&whole).map_err(|_| Flaw::Unreadable)?;
        if kind.is_symlink() {
            return Err(Flaw::Link);
        }
        file.bytes = kind.len();
        if !kind.is_file() {
            return Err(Flaw::Special);
        }
        // Between the look and the opening a link or a pipe may have taken its place.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let open = rustix::fs::open(&whole, flags, Mode::empty()).map_err(|_| Flaw::Unreadable)?;
        let open = fs::File::from(open);
        let is_file = open.metadata().is_ok_and(|meta| meta.is_file());
        if !is_file {
            return Err(Flaw::Special);
        }
        let mut bytes = Vec::new();
        let mut limited = open.take(self.limits.read + 1);
        limited
            .read_to_end(&mut bytes)
            .map_err(|_| Flaw::Unreadable)?;
        if bytes[..bytes.len().min(HEAD)].contains(&0) {
            return Err(Flaw::Binary);
        }
        if bytes.len() as u64 > self.limits.read {
            return Err(Flaw::Large);
        }
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(other) => String::from_utf8_lossy(other.as_bytes()).into_owned(),
        })
    }

    fn is_behind_link(&mut self, path: &str) -> bool {
        if path.is_empty() {
            return false;
        }
        if let Some(known) = self.links.get(path) {
            return *known;
        }
        // From the root down, so that the depth of a path costs no stack.
        let ends = path
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([path.len()]);
        let mut behind = false;
        for end in ends {
            let part = &path[..end];
            behind = match self.links.get(part) {
                Some(known) => *known,
                None => {
                    behind
                        || fs::symlink_metadata(self.root.join(part)).is_ok_and(|m| m.is_symlink())
                }
            };
            self.links.insert(part.to_owned(), behind);
        }
        behind
    }
}

fn lines(text: &str) -> u32 {
    let ends = text.bytes().filter(|byte| *byte == b'\n').count();
    let open = !text.is_empty() && !text.ends_with('\n');
    u32::try_from(ends + usize::from(open)).unwrap_or(u32::MAX)
}

impl Looked {
    pub fn path(&self) -> &str {
        &self.file.path
    }

    pub fn folder(&self) -> &str {
        folder(&self.file.path)
    }

    pub fn name(&self) -> &str {
        facts::name(&self.file.path)
    }
}
