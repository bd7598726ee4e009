//! What no mode and no rule lets an agent change: rights, history, keys, start files, formic's own data.

use std::path::{Component, Path};

use crate::Place;
use crate::place::tidy;

/// Files that a shell or a program runs or trusts at its next start, wherever they lie.
const START_FILES: [&str; 18] = [
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".bash_aliases",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".zlogin",
    ".zlogout",
    ".cshrc",
    ".tcshrc",
    ".kshrc",
    ".envrc",
    ".gitconfig",
    ".mcp.json",
    ".claude.json",
];

/// Below home: keys and tokens.
const KEYS: [&str; 16] = [
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".config/gh",
    ".config/gcloud",
    ".config/op",
    ".docker/config.json",
    ".password-store",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".config/git/credentials",
    ".cargo/credentials.toml",
];

/// Below home: what starts with the session or the shell.
const STARTS: [&str; 5] = [
    ".config/fish",
    ".config/autostart",
    ".config/systemd",
    ".config/git",
    "Library/LaunchAgents",
];

/// What a protected path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protected {
    /// Git's own files.
    Git,
    /// Settings that grant rights.
    Settings,
    /// A file that runs at a start.
    Start,
    /// A key or token.
    Keys,
    /// formic's own data.
    Data,
}

impl Protected {
    /// The end of the sentence `... is `.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Git => "git's own data and changes only through git",
            Self::Settings => "a settings file that grants rights; only a person edits it",
            Self::Start => "a file that programs run at their start; only a person edits it",
            Self::Keys => "a place for keys and tokens",
            Self::Data => "formic's own data",
        }
    }
}

/// Whether a path is protected from writes, and as what. Case is ignored, because some file systems do.
pub(crate) fn protected(path: &Path, place: &Place) -> Option<Protected> {
    let path = tidy(path);
    let names: Vec<String> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(bare(&name.to_string_lossy())),
            _ => None,
        })
        .collect();
    if names.iter().any(|name| name == ".git") {
        return Some(Protected::Git);
    }
    if grants(&names) || place.settings_files.iter().any(|file| same(&path, file)) {
        return Some(Protected::Settings);
    }
    if names
        .last()
        .is_some_and(|name| START_FILES.contains(&name.as_str()))
    {
        return Some(Protected::Start);
    }
    if is_key(&path, place) {
        return Some(Protected::Keys);
    }
    if below_home(&path, place, &STARTS) {
        return Some(Protected::Start);
    }
    let data = place.data.as_ref()?;
    let own_tree = place.root.starts_with(data) && place.holds(&path) || place.is_scratch(&path);
    (path.starts_with(data) && !own_tree).then_some(Protected::Data)
}

/// Whether a path is a key or token, or lies in a folder of them.
pub(crate) fn is_key(path: &Path, place: &Place) -> bool {
    below_home(&tidy(path), place, &KEYS)
}

fn below_home(path: &Path, place: &Place, list: &[&str]) -> bool {
    let Some(home) = &place.home else {
        return false;
    };
    let (path, home) = (folded(path), folded(home));
    let Ok(below) = Path::new(&path).strip_prefix(home) else {
        return false;
    };
    list.iter()
        .any(|entry| below.starts_with(folded(Path::new(entry))))
}

/// `.formic/settings*.json`, `.claude/settings*.json`, at any depth.
fn grants(names: &[String]) -> bool {
    names.windows(2).any(|pair| {
        matches!(pair[0].as_str(), ".formic" | ".claude")
            && pair[1].starts_with("settings")
            && pair[1].ends_with(".json")
    })
}

fn same(a: &Path, b: &Path) -> bool {
    folded(a) == folded(b)
}

fn folded(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

/// A name as a forgiving file system sees it: lower case, invisible characters dropped.
fn bare(name: &str) -> String {
    name.chars()
        .filter(|c| !crate::shell::is_invisible(*c))
        .flat_map(char::to_lowercase)
        .collect()
}
