//! Python: modules below the folders that packages are imported from, relative ones from where they stand.

use std::collections::BTreeSet;

use super::Files;
use crate::facts::{folder, join};
use crate::manifest::Manifests;
use crate::syntax::Import;
use crate::{Language, Link, System};

/// How often a name that is passed on is followed.
const MOST_HOPS: usize = 4;

pub(super) fn edges(
    files: &Files<'_>,
    manifests: &Manifests,
    add: &mut impl FnMut(u32, u32, Link),
) {
    let roots = Roots::new(files, manifests);
    for (place, file) in files.of(Language::Python) {
        for import in &file.seen.imports {
            if let Some(to) = roots.lead(file.path(), import, MOST_HOPS) {
                add(place, to, Link::Uses);
            }
        }
    }
}

/// The folders that packages are imported from.
struct Roots<'a> {
    files: &'a Files<'a>,
    folders: Vec<String>,
}

impl<'a> Roots<'a> {
    fn new(files: &'a Files<'a>, manifests: &Manifests) -> Self {
        let mut folders: BTreeSet<String> = [String::new(), "src".to_owned()].into();
        for package in manifests
            .packages
            .iter()
            .filter(|package| package.system == System::Python)
        {
            folders.insert(package.folder.clone());
            folders.insert(join(&package.folder, "src"));
        }
        // The folder above the outermost `__init__.py` of each file.
        for (_, file) in files
            .of(Language::Python)
            .filter(|(_, file)| file.name() == "__init__.py")
        {
            let above = folder(file.folder());
            if files.place(&join(above, "__init__.py")).is_none() {
                folders.insert(above.to_owned());
            }
        }
        Self {
            files,
            folders: folders.into_iter().collect(),
        }
    }

    /// The file an import leads to.
    fn lead(&self, from: &str, import: &Import, hops: usize) -> Option<u32> {
        let dots = import.path.bytes().take_while(|byte| *byte == b'.').count();
        let path = import.path[dots..].replace('.', "/");
        if dots == 0 {
            let own = folder(from);
            let mut places = self.folders.iter().map(String::as_str).chain([own]);
            return places.find_map(|root| self.module(&join(root, &path), &import.name, hops));
        }
        let mut at = folder(from);
        for _ in 1..dots {
            at = (!at.is_empty()).then(|| folder(at))?;
        }
        self.module(&join(at, &path), &import.name, hops)
    }

    /// The file of a module or, if the name is one, of the module inside it.
    fn module(&self, path: &str, name: &str, hops: usize) -> Option<u32> {
        let file = |path: &str| {
            let flat = [
                format!("{path}.py"),
                format!("{path}.pyi"),
                join(path, "__init__.py"),
            ];
            flat.iter().find_map(|path| self.files.place(path))
        };
        let named = !matches!(name, "" | "*");
        if let Some(inside) = named.then(|| file(&join(path, name))).flatten() {
            return Some(inside);
        }
        let module = file(path)?;
        let passed = || {
            let from = self.files.get(module)?.path();
            let import = self
                .files
                .imports(module)
                .find(|import| import.name == name)?;
            self.lead(from, import, hops.checked_sub(1)?)
        };
        let elsewhere = named && !self.files.defines(module, name);
        Some(elsewhere.then(passed).flatten().unwrap_or(module))
    }
}
