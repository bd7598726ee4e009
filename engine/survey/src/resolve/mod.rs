//! Which file needs which: imports led to files of the repository, and tests to what they test.

mod go;
mod modules;
mod naming;
mod python;
mod rust;
mod script;

use std::collections::{BTreeSet, HashMap};

use crate::look::Looked;
use crate::manifest::Manifests;
use crate::syntax::Import;
use crate::{Edge, Language, Link, Role};

/// The most files one import may lead to: a folder of Go.
const MOST_LED_TO: usize = 64;

/// The files by path.
pub(crate) struct Files<'a> {
    looked: &'a [Looked],
    places: HashMap<&'a str, u32>,
}

impl<'a> Files<'a> {
    fn new(looked: &'a [Looked]) -> Self {
        let places = looked.iter().zip(0_u32..);
        Self {
            looked,
            places: places.map(|(file, place)| (file.path(), place)).collect(),
        }
    }

    fn place(&self, path: &str) -> Option<u32> {
        self.places.get(path).copied()
    }

    fn get(&self, place: u32) -> Option<&'a Looked> {
        self.looked.get(place as usize)
    }

    /// The files of a language, each with its place.
    fn of(&self, language: Language) -> impl Iterator<Item = (u32, &'a Looked)> {
        let all = (0_u32..).zip(self.looked);
        all.filter(move |(_, file)| file.file.language == Some(language))
    }

    fn defines(&self, place: u32, name: &str) -> bool {
        self.get(place)
            .is_some_and(|file| file.file.symbols.iter().any(|symbol| symbol == name))
    }

    fn imports(&self, place: u32) -> impl Iterator<Item = &'a Import> {
        self.get(place)
            .into_iter()
            .flat_map(|file| &file.seen.imports)
    }
}

/// All edges, sorted.
pub(crate) fn edges(looked: &[Looked], manifests: &Manifests) -> Vec<Edge> {
    let files = Files::new(looked);
    let mut edges: BTreeSet<Edge> = BTreeSet::new();
    let mut add = |from: u32, to: u32, link: Link| {
        if from != to {
            edges.insert(Edge {
                from,
                to,
                link: kind(looked, from, to, link),
            });
        }
    };
    rust::edges(&files, manifests, &mut add);
    python::edges(&files, manifests, &mut add);
    script::edges(&files, manifests, &mut add);
    go::edges(&files, manifests, &mut add);
    naming::edges(&files, &mut add);
    edges.into_iter().collect()
}

/// What a test uses of code that is no test, it covers.
fn kind(looked: &[Looked], from: u32, to: u32, link: Link) -> Link {
    let is_test = |place: u32| {
        looked
            .get(place as usize)
            .is_some_and(|file| file.file.role == Role::Test)
    };
    match link {
        Link::Uses if is_test(from) && !is_test(to) => Link::Covers,
        link => link,
    }
}
