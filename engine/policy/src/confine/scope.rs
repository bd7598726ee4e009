//! A node's write scope: globs relative to its root, with the meaning that plans give them.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// The longest glob, and the deepest braces in one: the library that compiles it descends once per brace.
const GLOB_BYTES: usize = 4_096;
const GLOB_DEPTH: usize = 16;

/// Compiled globs, with their texts for people and for comparing.
#[derive(Debug, Clone, Default)]
pub(super) struct WriteScope {
    texts: Vec<String>,
    set: GlobSet,
}

impl WriteScope {
    pub(super) fn parse(globs: &[String]) -> Result<Self, String> {
        let mut set = GlobSetBuilder::new();
        for text in globs {
            let broken = |why: &str| format!("the write scope `{text}` {why}");
            let plain = text.trim();
            if plain.is_empty() || plain.starts_with(['/', '~']) || plain.contains('\0') {
                return Err(broken("is not relative to the root of the tree"));
            }
            if plain.split('/').any(|part| part == "..") {
                return Err(broken("leaves the tree"));
            }
            if plain.len() > GLOB_BYTES || braces(plain) > GLOB_DEPTH {
                return Err(broken("is too long or its braces are too deep"));
            }
            let glob = GlobBuilder::new(&tidied(plain))
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|error| broken(&format!("is broken: {}", error.kind())))?;
            set.add(glob);
        }
        let set = set
            .build()
            .map_err(|error| format!("the write scope is broken: {}", error.kind()))?;
        Ok(Self {
            texts: globs.to_vec(),
            set,
        })
    }

    /// Whether a path relative to the root is in it.
    pub(super) fn holds(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// Whether a folder is in it, or whatever stands directly in that folder.
    pub(super) fn holds_folder(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        // No file is called this: only a glob for everything in the folder matches it.
        self.holds(path) || self.holds(format!("{path}/\u{1}").trim_start_matches('/'))
    }

    /// The globs, as a reason tells them.
    pub(super) fn shown(&self) -> String {
        const MOST: usize = 12;
        if self.texts.is_empty() {
            return "no file".to_owned();
        }
        let mut shown = self.texts[..self.texts.len().min(MOST)].join(", ");
        if self.texts.len() > MOST {
            shown.push_str(&format!(" and {} more", self.texts.len() - MOST));
        }
        shown
    }
}

impl PartialEq for WriteScope {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Eq for WriteScope {}

/// Without what adds nothing, `./` and doubled slashes; a folder's trailing slash written as `/**`.
fn tidied(glob: &str) -> String {
    let names = glob.split('/').filter(|name| !matches!(*name, "" | "."));
    let mut names: Vec<&str> = names.collect();
    let is_folder = glob.ends_with('/') || glob.ends_with("/.") || glob == ".";
    if is_folder && names.last() != Some(&"**") {
        names.push("**");
    }
    names.join("/")
}

/// How many braces are open at once, at most.
fn braces(glob: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in glob.bytes() {
        match byte {
            b'{' => open += 1,
            b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}
