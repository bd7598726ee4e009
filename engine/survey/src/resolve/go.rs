//! Go: packages are folders below a module's path.

use std::collections::HashMap;

use super::{Files, MOST_LED_TO};
use crate::facts::join;
use crate::manifest::Manifests;
use crate::{Language, Link, Role};

pub(super) fn edges(
    files: &Files<'_>,
    manifests: &Manifests,
    add: &mut impl FnMut(u32, u32, Link),
) {
    let mut folders: HashMap<&str, Vec<u32>> = HashMap::new();
    for (place, file) in files
        .of(Language::Go)
        .filter(|(_, file)| file.file.role != Role::Test)
    {
        folders.entry(file.folder()).or_default().push(place);
    }
    for (place, file) in files.of(Language::Go) {
        for import in &file.seen.imports {
            let Some(at) = lead(manifests, &import.path) else {
                continue;
            };
            let led = folders.get(at.as_str()).into_iter().flatten();
            led.take(MOST_LED_TO)
                .for_each(|to| add(place, *to, Link::Uses));
        }
    }
}

/// The folder a path of an import means, if its module is in the repository; the longest module wins.
fn lead(manifests: &Manifests, path: &str) -> Option<String> {
    let fits = manifests.go.iter().filter_map(|(at, module)| {
        let rest = path.strip_prefix(module.as_str())?;
        let rest = if rest.is_empty() {
            rest
        } else {
            rest.strip_prefix('/')?
        };
        Some((module.len(), join(at, rest)))
    });
    fits.max().map(|(_, folder)| folder)
}
