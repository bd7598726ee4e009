//! The layers laid over one another: for every key the winner, and what it shadows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::check::Leaf;
use crate::error::Warning;
use crate::key::KeyPath;
use crate::schema;
use crate::secret::REDACTED;
use crate::source::{Layer, Source, Sourced};

/// One effective value, for listings: `formic config list`, `permissions explain`.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The setting. Rules of one list share their key, one entry each.
    pub key: KeyPath,
    /// The value; secrets read `"[secret]"`.
    pub value: Value,
    /// Where it was read.
    pub source: Source,
    /// Lower places that gave the same setting in vain, highest first.
    pub shadowed: Vec<Source>,
}

/// Leaves by key, each list from the lowest layer to the highest.
#[derive(Debug, Default)]
pub(crate) struct Layered {
    leaves: BTreeMap<KeyPath, Vec<Leaf>>,
}

impl Layered {
    /// Orders the leaves of all documents; they arrive lowest layer first.
    pub(crate) fn of(leaves: Vec<Leaf>) -> Self {
        let mut layered = Self::default();
        for leaf in leaves {
            layered
                .leaves
                .entry(leaf.key.clone())
                .or_default()
                .push(leaf);
        }
        layered
    }

    /// Obeys a policy that says only its own permission rules count.
    pub(crate) fn keep_only_managed_rules(&mut self, warnings: &mut Vec<Warning>) {
        let key = KeyPath::of(&["allowManagedPermissionRulesOnly"]);
        let Some(says) = self.leaves.get(&key).and_then(|l| l.last()) else {
            return;
        };
        if says.source.layer != Layer::Managed || says.value != Value::Bool(true) {
            return;
        }
        for list in ["allow", "ask", "deny"] {
            let Some(rules) = self.leaves.get_mut(&KeyPath::of(&["permissions", list])) else {
                continue;
            };
            for rule in rules.extract_if(.., |rule| rule.source.layer != Layer::Managed) {
                let message =
                    "ignored, the managed policy allows only its own permission rules".to_owned();
                warnings.push(Warning {
                    source: rule.source,
                    key: rule.key,
                    message,
                });
            }
        }
    }

    /// The winner of a key, if it reads as a `T`.
    pub(crate) fn one<T>(
        &self,
        key: &KeyPath,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<Sourced<T>> {
        let leaf = self.leaves.get(key)?.last()?;
        Some(Sourced {
            value: read(&leaf.value)?,
            source: leaf.source.clone(),
        })
    }

    /// Every string of a list, lowest layer first.
    pub(crate) fn all(&self, key: &KeyPath) -> Vec<Sourced<String>> {
        let leaves = self.leaves.get(key).into_iter().flatten();
        leaves
            .filter_map(|l| {
                Some(Sourced {
                    value: l.value.as_str()?.to_owned(),
                    source: l.source.clone(),
                })
            })
            .collect()
    }

    /// The names that stand directly below a key.
    pub(crate) fn names(&self, parent: &KeyPath) -> BTreeSet<String> {
        let depth = parent.segments().len();
        let below = self.leaves.keys().filter(|key| key.is_within(parent));
        below
            .filter_map(|key| key.segments().get(depth).cloned())
            .collect()
    }

    /// The listing, in order of the keys.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.leaves
            .values()
            .flat_map(|leaves| entries_of_key(leaves))
            .collect()
    }
}

fn entries_of_key(leaves: &[Leaf]) -> Vec<Entry> {
    let Some((winner, lower)) = leaves.split_last() else {
        return Vec::new();
    };
    if winner.accumulates {
        return leaves.iter().map(|leaf| entry(leaf, &[])).collect();
    }
    vec![entry(winner, lower)]
}

fn entry(leaf: &Leaf, lower: &[Leaf]) -> Entry {
    let value = if schema::is_secret(&leaf.key) {
        Value::from(REDACTED)
    } else {
        leaf.value.clone()
    };
    let shadowed = lower.iter().rev().map(|l| l.source.clone()).collect();
    Entry {
        key: leaf.key.clone(),
        value,
        source: leaf.source.clone(),
        shadowed,
    }
}
