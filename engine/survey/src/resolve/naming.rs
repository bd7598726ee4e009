//! Tests led to what they test by their names alone: `test_a.py`, `a_test.go`, `a.spec.ts` are tests of `a`.

use std::collections::HashMap;

use super::Files;
use crate::look::Looked;
use crate::{Language, Link, Role};

/// A name that this many files have says nothing.
const MOST_ALIKE: usize = 1;

pub(super) fn edges(files: &Files<'_>, add: &mut impl FnMut(u32, u32, Link)) {
    for language in [
        Language::Rust,
        Language::Python,
        Language::Script,
        Language::Go,
    ] {
        let mut stems: HashMap<&str, Vec<(u32, &Looked)>> = HashMap::new();
        for (place, file) in files
            .of(language)
            .filter(|(_, file)| file.file.role == Role::Source)
        {
            stems
                .entry(stem(file.name()))
                .or_default()
                .push((place, file));
        }
        for (place, test) in files
            .of(language)
            .filter(|(_, file)| file.file.role == Role::Test)
        {
            let Some(alike) = tested(language, test.name()).and_then(|stem| stems.get(stem)) else {
                continue;
            };
            let beside: Vec<u32> = alike
                .iter()
                .filter(|(_, f)| f.folder() == near(test.folder()))
                .map(|(p, _)| *p)
                .collect();
            let kin = alike
                .iter()
                .filter(|(_, file)| file.file.package == test.file.package);
            let kin: Vec<u32> = kin.map(|(place, _)| *place).collect();
            let meant = if beside.is_empty() { kin } else { beside };
            if meant.len() <= MOST_ALIKE {
                meant
                    .into_iter()
                    .for_each(|to| add(place, to, Link::Covers));
            }
        }
    }
}

/// A folder of tests stands beside what they test.
fn near(folder: &str) -> &str {
    match folder.rsplit_once('/') {
        Some((above, "__tests__" | "tests" | "test")) => above,
        _ => folder,
    }
}

fn stem(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// The stem of what a test of this name tests.
fn tested(language: Language, name: &str) -> Option<&str> {
    let stem = stem(name);
    let tested = match language {
        Language::Script => Some(stem),
        Language::Rust => stem
            .strip_suffix("_tests")
            .or_else(|| stem.strip_suffix("_test"))
            .or(Some(stem)),
        Language::Python => stem
            .strip_prefix("test_")
            .or_else(|| stem.strip_suffix("_test")),
        Language::Go => stem.strip_suffix("_test"),
    };
    tested.filter(|stem| !stem.is_empty() && *stem != "main" && *stem != "index")
}
