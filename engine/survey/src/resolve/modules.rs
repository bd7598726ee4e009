//! Rust's module trees: which file is which module of which crate.

use std::collections::HashMap;

use super::Files;
use crate::facts::{folder, join, name, normal};
use crate::manifest::Manifests;
use crate::syntax::Form;

/// The most modules of all crates together: a file may be declared by several.
const MOST_MODULES: usize = 200_000;

/// A module: its crate and its path there, with `::` between names.
pub(super) type Place = (u32, String);

/// The module trees of all crates.
#[derive(Default)]
pub(super) struct Modules {
    /// The file of each module that has one.
    pub files: HashMap<Place, u32>,
    /// The module each file is; the first, if it is several.
    pub of: HashMap<u32, Place>,
    /// The crate of each library, by its name in code.
    pub libs: HashMap<String, u32>,
    /// Which file declares which.
    pub declared: Vec<(u32, u32)>,
}

impl Modules {
    pub fn read(files: &Files<'_>, manifests: &Manifests) -> Self {
        let mut modules = Self::default();
        let mut number = 0_u32;
        for (at, manifest) in manifests.cargo.iter().filter(|(_, m)| !m.name.is_empty()) {
            if let Some(root) = normal(at, &manifest.lib_path).and_then(|path| files.place(&path)) {
                modules.libs.insert(manifest.lib.clone(), number);
                modules.grow(files, number, root);
                number += 1;
            }
            for path in manifest.targets.iter().filter_map(|path| normal(at, path)) {
                if let Some(root) = files.place(&path) {
                    modules.grow(files, number, root);
                    number += 1;
                }
            }
        }
        let packages: Vec<&str> = manifests.cargo.keys().map(String::as_str).collect();
        for (place, file) in files.of(crate::Language::Rust) {
            if is_root(&packages, file.path()) {
                modules.grow(files, number, place);
                number += 1;
            }
        }
        modules
    }

    /// Follows the declarations from a crate's root.
    fn grow(&mut self, files: &Files<'_>, number: u32, root: u32) {
        let mut ahead = vec![(root, String::new(), true)];
        while let Some((file, path, is_root)) = ahead.pop() {
            let key = (number, path);
            if self.files.len() >= MOST_MODULES
                || self.files.contains_key(&key)
                || self.is_above(&key, file)
            {
                continue;
            }
            self.files.insert(key.clone(), file);
            self.of.entry(file).or_insert_with(|| key.clone());
            for import in files
                .imports(file)
                .filter(|import| import.form == Form::Module)
            {
                let parent = inner(&key.1, &import.within);
                if let Some(child) = child(files, file, is_root, import) {
                    self.declared.push((file, child));
                    ahead.push((child, inner(&parent, &import.name), false));
                }
            }
        }
    }

    /// Whether a module above is the same file: a tree that would never end.
    fn is_above(&self, (number, path): &Place, file: u32) -> bool {
        let mut above = path.as_str();
        while !above.is_empty() {
            above = above.rsplit_once("::").map_or("", |(above, _)| above);
            if self.files.get(&(*number, above.to_owned())) == Some(&file) {
                return true;
            }
        }
        false
    }
}

/// A module path and a name or path inside it.
pub(super) fn inner(path: &str, rest: &str) -> String {
    match (path, rest) {
        ("", rest) => rest.to_owned(),
        (path, "") => path.to_owned(),
        (path, rest) => format!("{path}::{rest}"),
    }
}

/// The file a declaration means.
fn child(
    files: &Files<'_>,
    file: u32,
    is_root: bool,
    import: &crate::syntax::Import,
) -> Option<u32> {
    let path = files.get(file)?.path();
    let at = folder(path);
    let stem = name(path).trim_end_matches(".rs");
    let own = if is_root || stem == "mod" {
        at.to_owned()
    } else {
        join(at, stem)
    };
    let inside = join(&own, &import.within.replace("::", "/"));
    if import.path != import.name {
        // From a module inside the file, paths start in its folder; otherwise beside the file.
        let from = if import.within.is_empty() {
            at
        } else {
            &inside
        };
        return files.place(&normal(from, &import.path)?);
    }
    let flat = join(&inside, &format!("{}.rs", import.name));
    let nested = || join(&inside, &format!("{}/mod.rs", import.name));
    files.place(&flat).or_else(|| files.place(&nested()))
}

/// Whether cargo would take a file for the root of a crate by its place alone.
fn is_root(packages: &[&str], path: &str) -> bool {
    let Some(at) = crate::manifest::nearest(packages.iter().copied(), path) else {
        return false;
    };
    let local = path[at.len()..].trim_start_matches('/');
    let parts: Vec<&str> = local.split('/').collect();
    matches!(
        parts.as_slice(),
        ["build.rs"]
            | ["src", "main.rs" | "lib.rs"]
            | ["src", "bin", _]
            | ["src", "bin", _, "main.rs"]
            | ["tests" | "examples" | "benches", _]
            | ["tests" | "examples" | "benches", _, "main.rs"]
    )
}
