//! Clusters: neighbouring files small enough for one agent, cut from the order of the import graph.

use std::collections::BTreeSet;
use std::fmt;

use super::graph::Order;
use super::material::below;
use super::{Limits, Material, Role};

/// Which cluster: `c1` is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(u32);

/// Which command: `k1` is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(u32);

/// Files that one agent could change together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Its id; follows from its place.
    pub id: ClusterId,
    /// The folder of the package its first file belongs to; empty for the root.
    pub package: String,
    /// Whether it is text rather than code.
    pub plain: bool,
    /// How many lines its files have.
    pub lines: u64,
    /// How many tokens its files are, about.
    pub tokens: u64,
    /// The clusters it imports from; all stand before it.
    pub needs: Vec<ClusterId>,
    /// The command that tells most about it.
    pub accept: Option<CommandId>,
    /// Its files, as places in the material, what is imported first.
    pub(super) files: Vec<usize>,
}

impl ClusterId {
    pub(super) fn at(place: usize) -> Self {
        Self(u32::try_from(place).unwrap_or(u32::MAX))
    }

    pub(super) fn place(self) -> usize {
        self.0 as usize
    }

    /// The id a planner wrote, such as `c3`.
    pub(super) fn read(text: &str) -> Option<Self> {
        number(text, 'c').map(Self)
    }
}

impl CommandId {
    pub(super) fn at(place: usize) -> Self {
        Self(u32::try_from(place).unwrap_or(u32::MAX))
    }

    pub(super) fn place(self) -> usize {
        self.0 as usize
    }

    /// The id a planner wrote, such as `k3`.
    pub(super) fn read(text: &str) -> Option<Self> {
        number(text, 'k').map(Self)
    }
}

fn number(text: &str, letter: char) -> Option<u32> {
    let digits = text.trim().strip_prefix(letter)?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse::<u32>().ok().filter(|_| plain)?.checked_sub(1)
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", u64::from(self.0) + 1)
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}", u64::from(self.0) + 1)
    }
}

/// Cuts the order into clusters. As each is a stretch of the order, no circle of clusters can arise; a circle of imports
/// too large for one cluster is cut as well, and its pieces stand one behind the other.
pub(super) fn cut(material: &Material, order: &Order, limits: Limits) -> Vec<Cluster> {
    let mut cutter = Cutter {
        material,
        limits,
        done: Vec::new(),
        open: Vec::new(),
        tokens: 0,
    };
    for group in &order.groups {
        cutter.take(group);
    }
    cutter.close();
    let stretches = cutter.done;
    let mut owner = vec![usize::MAX; material.files.len()];
    for (place, files) in stretches.iter().enumerate() {
        files.iter().for_each(|&file| owner[file] = place);
    }
    let made = stretches.into_iter().enumerate();
    made.map(|(place, files)| cluster(material, order, &owner, place, files))
        .collect()
}

struct Cutter<'a> {
    material: &'a Material,
    limits: Limits,
    done: Vec<Vec<usize>>,
    open: Vec<usize>,
    tokens: u64,
}

impl Cutter<'_> {
    /// Takes a group into the open cluster, or closes that and opens the next.
    fn take(&mut self, group: &[usize]) {
        let tokens: u64 = group.iter().map(|&f| self.material.files[f].tokens()).sum();
        if !self.fits(group, tokens) {
            self.close();
        }
        for &file in group {
            let more = self.material.files[file].tokens();
            let full = self.open.len() >= self.limits.files.max(1)
                || self.tokens.saturating_add(more) > self.limits.tokens;
            if full {
                self.close();
            }
            self.open.push(file);
            self.tokens = self.tokens.saturating_add(more);
        }
    }

    /// Whether a group belongs to the open cluster: same package, same sort, room for it; another folder only while the
    /// cluster is less than half full.
    fn fits(&self, group: &[usize], tokens: u64) -> bool {
        let (Some(&last), Some(&next)) = (self.open.last(), group.first()) else {
            return true;
        };
        let (last, next) = (&self.material.files[last], &self.material.files[next]);
        let alike = last.package == next.package
            && (last.role == Role::Plain) == (next.role == Role::Plain);
        let room = self.open.len() + group.len() <= self.limits.files
            && self.tokens.saturating_add(tokens) <= self.limits.tokens;
        let moved = last.folder() != next.folder();
        alike && room && !(moved && self.open.len() * 2 > self.limits.files)
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.done.push(std::mem::take(&mut self.open));
        }
        self.tokens = 0;
    }
}

fn cluster(
    material: &Material,
    order: &Order,
    owner: &[usize],
    place: usize,
    files: Vec<usize>,
) -> Cluster {
    let facts = || files.iter().map(|&file| &material.files[file]);
    let needed = files.iter().flat_map(|&file| &order.imports[file]);
    // What stands behind can only be the rest of a circle that was cut.
    let needed = needed
        .map(|&other| owner[other])
        .filter(|&other| other < place);
    let needs: BTreeSet<usize> = needed.collect();
    Cluster {
        id: ClusterId::at(place),
        package: facts()
            .next()
            .map(|f| f.package.clone())
            .unwrap_or_default(),
        plain: facts().all(|f| f.role == Role::Plain),
        lines: facts().map(|f| u64::from(f.lines)).sum(),
        tokens: facts().map(|f| f.tokens()).fold(0, u64::saturating_add),
        needs: needs.into_iter().map(ClusterId::at).collect(),
        accept: telling(material, &files),
        files,
    }
}

/// The command that tells most about files: the best purpose, then the narrowest that covers them all.
pub(super) fn telling(material: &Material, files: &[usize]) -> Option<CommandId> {
    let covers = |folder: &str| {
        let mut paths = files.iter().map(|&file| material.files[file].path.as_str());
        paths.all(|path| below(path, folder))
    };
    let commands = material.commands.iter().enumerate();
    let fitting = commands.filter(|(_, command)| covers(&command.covers));
    let best = fitting.min_by_key(|(place, command)| {
        (
            command.purpose,
            std::cmp::Reverse(command.covers.len()),
            *place,
        )
    });
    best.map(|(place, _)| CommandId::at(place))
}
