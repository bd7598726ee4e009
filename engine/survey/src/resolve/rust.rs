//! Rust: paths led through modules, crates of the repository, and names that are passed on.

use super::Files;
use super::modules::{Modules, Place, inner};
use crate::Link;
use crate::manifest::Manifests;
use crate::syntax::{Form, Import};

/// How many steps one import may take through names that are passed on: they may branch, and run in circles.
const MOST_STEPS: u32 = 32;

pub(super) fn edges(
    files: &Files<'_>,
    manifests: &Manifests,
    add: &mut impl FnMut(u32, u32, Link),
) {
    let modules = Modules::read(files, manifests);
    for &(from, to) in &modules.declared {
        add(from, to, Link::Declares);
    }
    let tree = Tree {
        files,
        modules: &modules,
    };
    let mut known: Vec<(&u32, &Place)> = modules.of.iter().collect();
    known.sort_unstable();
    for (file, place) in known {
        for import in files
            .imports(*file)
            .filter(|import| import.form != Form::Module)
        {
            let from = (place.0, inner(&place.1, &import.within));
            let mut left = MOST_STEPS;
            if let Some(to) = tree.lead(&from, &import.path, &mut left) {
                add(*file, to, Link::Uses);
            }
        }
    }
}

struct Tree<'a> {
    files: &'a Files<'a>,
    modules: &'a Modules,
}

impl Tree<'_> {
    /// The file that defines what a path names, seen from a module.
    fn lead(&self, from: &Place, path: &str, left: &mut u32) -> Option<u32> {
        *left = left.checked_sub(1)?;
        let mut names = path.split("::").peekable();
        let first = names.peek().copied()?;
        let mut at = from.clone();
        match first {
            "crate" | "$crate" => {
                names.next();
                at.1.clear();
            }
            "self" | "super" => {
                while let Some(step) = names.next_if(|name| matches!(*name, "self" | "super")) {
                    if step == "super" {
                        at.1 =
                            at.1.rsplit_once("::")
                                .map(|(above, _)| above.to_owned())
                                .unwrap_or_default();
                    }
                }
            }
            first => {
                let child = (at.0, inner(&at.1, first));
                if !self.modules.files.contains_key(&child) {
                    at = (*self.modules.libs.get(first)?, String::new());
                    names.next();
                }
            }
        }
        while let Some(name) = names.peek() {
            let child = (at.0, inner(&at.1, name));
            if !self.is_module(&child) {
                break;
            }
            at = child;
            names.next();
        }
        let file = self.file(&at)?;
        match names.next() {
            Some(name) if !self.files.defines(file, name) => {
                Some(self.passed(&at, file, name, left).unwrap_or(file))
            }
            _ => Some(file),
        }
    }

    fn is_module(&self, place: &Place) -> bool {
        self.modules.files.contains_key(place)
    }

    /// The file a module is in: its own, or that of a module around it.
    fn file(&self, place: &Place) -> Option<u32> {
        let mut at = place.clone();
        loop {
            if let Some(file) = self.modules.files.get(&at) {
                return Some(*file);
            }
            at.1 = at.1.rsplit_once("::").map(|(above, _)| above.to_owned())?;
        }
    }

    /// The file a name comes from that a module only passes on.
    fn passed(&self, at: &Place, file: u32, name: &str, left: &mut u32) -> Option<u32> {
        let passes = |import: &&Import| import.form == Form::Pass && import.within.is_empty();
        let named = self
            .files
            .imports(file)
            .filter(passes)
            .find(|import| import.name == name);
        if let Some(import) = named {
            return self.lead(at, &import.path, left);
        }
        let all = self
            .files
            .imports(file)
            .filter(passes)
            .filter(|import| import.name == "*");
        let mut sources = all.filter_map(|import| self.lead(at, &import.path, left));
        sources.find(|source| self.files.defines(*source, name))
    }
}
