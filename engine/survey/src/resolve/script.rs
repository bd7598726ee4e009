//! TypeScript and JavaScript: relative paths, aliases, packages of the same repository.

use std::collections::HashMap;

use super::Files;
use crate::facts::{join, normal};
use crate::manifest::{Manifests, nearest};
use crate::{Language, Link};

/// What may stand behind a path that is written without it.
const ENDS: [&str; 9] = ["ts", "tsx", "d.ts", "js", "jsx", "mts", "cts", "mjs", "cjs"];

pub(super) fn edges(
    files: &Files<'_>,
    manifests: &Manifests,
    add: &mut impl FnMut(u32, u32, Link),
) {
    let named = manifests
        .npm
        .iter()
        .filter(|(_, manifest)| !manifest.name.is_empty());
    let packages: HashMap<&str, &str> = named
        .map(|(at, manifest)| (manifest.name.as_str(), at.as_str()))
        .collect();
    let ground = Ground {
        files,
        manifests,
        packages,
    };
    for (place, file) in files.of(Language::Script) {
        for import in &file.seen.imports {
            if let Some(to) = ground.lead(file.folder(), &import.path) {
                add(place, to, Link::Uses);
            }
        }
    }
}

struct Ground<'a> {
    files: &'a Files<'a>,
    manifests: &'a Manifests,
    packages: HashMap<&'a str, &'a str>,
}

impl Ground<'_> {
    fn lead(&self, from: &str, path: &str) -> Option<u32> {
        let path = path
            .split(['?', '#'])
            .next()
            .filter(|path| !path.is_empty())
            .unwrap_or(path);
        if path.starts_with('.') {
            return self.file(&normal(from, path)?);
        }
        self.alias(from, path).or_else(|| self.package(path))
    }

    /// The file at a path that may lack its end, or have that of the compiled file.
    fn file(&self, path: &str) -> Option<u32> {
        let place = |path: &str| self.files.place(path);
        let with = |path: &str| ENDS.iter().find_map(|end| place(&format!("{path}.{end}")));
        let compiled = || {
            let (stem, end) = path.rsplit_once('.')?;
            matches!(end, "js" | "jsx" | "mjs" | "cjs").then(|| with(stem))?
        };
        place(path)
            .or_else(|| with(path))
            .or_else(compiled)
            .or_else(|| with(&join(path, "index")))
    }

    /// The file that an alias of the nearest settings names.
    fn alias(&self, from: &str, path: &str) -> Option<u32> {
        let folders = self.manifests.aliases.keys().map(String::as_str);
        let aliases = self.manifests.aliases.get(nearest(folders, from)?)?;
        aliases.iter().find_map(|alias| {
            let rest = path
                .strip_prefix(alias.start.as_str())?
                .strip_suffix(alias.end.as_str())?;
            let target = match (alias.open, rest) {
                (true, rest) if alias.target.is_empty() => normal("", rest)?,
                (true, rest) => normal(&alias.target, rest)?,
                (false, "") => alias.target.clone(),
                (false, _) => return None,
            };
            self.file(&target)
        })
    }

    /// The file by which a package of the repository is entered, or the one named below it.
    fn package(&self, path: &str) -> Option<u32> {
        let names = if path.starts_with('@') { 2 } else { 1 };
        let end = path
            .match_indices('/')
            .nth(names - 1)
            .map_or(path.len(), |(at, _)| at);
        let (name, rest) = (&path[..end], path[end..].trim_start_matches('/'));
        let at = *self.packages.get(name)?;
        if !rest.is_empty() {
            return self
                .file(&normal(at, rest)?)
                .or_else(|| self.file(&normal(&join(at, "src"), rest)?));
        }
        let entries = self
            .manifests
            .npm
            .get(at)
            .map(|manifest| manifest.entries.as_slice())
            .unwrap_or_default();
        // What is entered is often built from sources of the same name.
        let source = |entry: &String| {
            let built = entry.trim_start_matches("./").split_once('/')?.1;
            let stem = built.split('.').next()?;
            self.file(&normal(&join(at, "src"), stem)?)
        };
        let given = entries
            .iter()
            .find_map(|entry| self.file(&normal(at, entry)?).or_else(|| source(entry)));
        let usual = || {
            ["src/index", "index", "src/main"]
                .iter()
                .find_map(|entry| self.file(&join(at, entry)))
        };
        given.or_else(usual)
    }
}
