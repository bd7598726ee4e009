//! npm, pnpm and yarn: packages, their scripts and entries; the path aliases of TypeScript.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Manifests, command, has, is_word};
use crate::facts::{below, join, normal};
use crate::{Command, File, Purpose};

/// The scripts that check something, by the names people give them.
const SCRIPTS: [(&str, Purpose); 9] = [
    ("test", Purpose::Test),
    ("test:unit", Purpose::Test),
    ("typecheck", Purpose::Check),
    ("type-check", Purpose::Check),
    ("tsc", Purpose::Check),
    ("check", Purpose::Check),
    ("build", Purpose::Build),
    ("compile", Purpose::Build),
    ("lint", Purpose::Lint),
];

/// What npm writes for a package without tests.
const NO_TEST: &str = "no test specified";

/// What a `package.json` says.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    /// The package's name; may be empty.
    pub name: String,
    /// Files it is entered by, most telling first, as written.
    pub entries: Vec<String>,
    scripts: BTreeMap<String, String>,
}

/// A path alias: imports that begin so are meant to begin so.
#[derive(Debug)]
pub(crate) struct Alias {
    /// What the import begins with, and what it ends with behind the part that stands for itself.
    pub start: String,
    pub end: String,
    /// The path from the root that stands before that part; without one, the whole path.
    pub target: String,
    /// Whether there is such a part.
    pub open: bool,
}

impl Manifest {
    pub fn read(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        let text = |field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
        let scripts = value.get("scripts").and_then(Value::as_object);
        let scripts = scripts.into_iter().flatten();
        let scripts =
            scripts.filter_map(|(name, script)| Some((name.clone(), script.as_str()?.to_owned())));
        let mut entries: Vec<String> = ["source", "module", "main", "types"]
            .into_iter()
            .filter_map(text)
            .collect();
        entries.extend(value.get("exports").and_then(first_text));
        Some(Self {
            name: text("name").unwrap_or_default(),
            entries,
            scripts: scripts.collect(),
        })
    }
}

/// The first path in what a package exports as itself.
fn first_text(exports: &Value) -> Option<String> {
    let mut next = exports;
    // Conditions are nested a few deep, never more.
    for _ in 0..8 {
        match next {
            Value::String(path) => return Some(path.clone()),
            Value::Object(fields) => next = fields.get(".").or_else(|| fields.values().next())?,
            _ => return None,
        }
    }
    None
}

/// The aliases in a `tsconfig.json`, which may hold comments and commas at the end.
pub(super) fn aliases(folder: &str, text: &str) -> Vec<Alias> {
    let Ok(value) = serde_json::from_str::<Value>(&plain_json(text)) else {
        return Vec::new();
    };
    let options = value.get("compilerOptions");
    let base = options
        .and_then(|o| o.get("baseUrl"))
        .and_then(Value::as_str)
        .unwrap_or(".");
    let paths = options
        .and_then(|o| o.get("paths"))
        .and_then(Value::as_object);
    let pairs = paths.into_iter().flatten();
    let alias = |(from, to): (&String, &Value)| {
        let to = to.as_array()?.first()?.as_str()?;
        let (start, end) = from.split_once('*').unwrap_or((from, ""));
        Some(Alias {
            start: start.to_owned(),
            end: end.to_owned(),
            target: normal(
                folder,
                &format!("{base}/{}", to.split('*').next().unwrap_or_default()),
            )?,
            open: from.contains('*'),
        })
    };
    pairs.filter_map(alias).collect()
}

/// JSON without comments and commas before a closing bracket.
fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => {
                plain.push(c);
                plain.extend(chars.next());
            }
            '"' => {
                quoted = !quoted;
                plain.push(c);
            }
            '/' if !quoted && chars.peek() == Some(&'/') => {
                chars.by_ref().take_while(|c| *c != '\n').for_each(drop);
            }
            '/' if !quoted && chars.peek() == Some(&'*') => {
                let mut last = ' ';
                chars
                    .by_ref()
                    .skip(1)
                    .take_while(|c| !(std::mem::replace(&mut last, *c) == '*' && *c == '/'))
                    .for_each(drop);
            }
            '}' | ']' if !quoted => {
                let kept = plain.trim_end().trim_end_matches(',').len();
                plain.truncate(kept);
                plain.push(c);
            }
            c => plain.push(c),
        }
    }
    plain
}

pub(super) fn commands(files: &[File], manifests: &Manifests) -> Vec<Command> {
    let tools = tools(files);
    let mut commands = Vec::new();
    for (at, manifest) in &manifests.npm {
        let tool = tools
            .iter()
            .rev()
            .find(|(folder, _)| below(at, folder))
            .map_or("npm", |(_, tool)| *tool);
        let from = join(at, "package.json");
        for (script, purpose) in SCRIPTS {
            let Some(body) = manifest
                .scripts
                .get(script)
                .filter(|body| !body.contains(NO_TEST))
            else {
                continue;
            };
            // A test that watches never ends.
            if body.contains("--watch") && !body.contains("--watch=false") {
                continue;
            }
            let cmd = match script {
                "test" => format!("{tool} test"),
                script => format!("{tool} run {script}"),
            };
            commands.extend(command(at, &cmd, purpose, at, &from));
        }
        if has(files, &join(at, "tsconfig.json"))
            && !SCRIPTS
                .iter()
                .any(|(s, p)| *p == Purpose::Check && manifest.scripts.contains_key(*s))
        {
            commands.extend(command(
                at,
                "npx --no-install tsc --noEmit",
                Purpose::Check,
                at,
                &from,
            ));
        }
    }
    commands
}

/// Which program each folder with a lockfile uses, by folder.
fn tools(files: &[File]) -> Vec<(&str, &'static str)> {
    let tool = |file: &File| match crate::facts::name(&file.path) {
        "pnpm-lock.yaml" => Some("pnpm"),
        "yarn.lock" => Some("yarn"),
        "package-lock.json" => Some("npm"),
        "bun.lock" | "bun.lockb" => Some("bun"),
        _ => None,
    };
    let found = files
        .iter()
        .filter_map(|file| Some((crate::facts::folder(&file.path), tool(file)?)));
    found
        .filter(|(at, _)| at.is_empty() || is_word(at))
        .collect()
}
