//! One folder of a commit as git keeps it, read and written without starting git.

use super::loose::{BYTES, Oid};

/// The modes git writes.
pub(crate) const FILE: u32 = 0o100_644;
pub(crate) const PROGRAM: u32 = 0o100_755;
pub(crate) const LINK: u32 = 0o120_000;
pub(crate) const FOLDER: u32 = 0o040_000;

/// What a name in a folder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leaf {
    pub(crate) mode: u32,
    pub(crate) id: Oid,
}

impl Leaf {
    pub(crate) const fn is_folder(&self) -> bool {
        self.mode == FOLDER
    }

    /// Whether it is a file, a program or a link.
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self.mode, FILE | PROGRAM | LINK)
    }
}

/// The names in a folder, in git's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listing(pub(crate) Vec<(Vec<u8>, Leaf)>);

impl Listing {
    /// Reads a folder; `None` if it is not one.
    pub(crate) fn parse(mut bytes: &[u8]) -> Option<Self> {
        let mut all = Vec::new();
        while !bytes.is_empty() {
            let space = bytes.iter().position(|byte| *byte == b' ')?;
            let mode = std::str::from_utf8(&bytes[..space]).ok()?;
            let mode = u32::from_str_radix(mode, 8).ok()?;
            let rest = &bytes[space + 1..];
            let end = rest.iter().position(|byte| *byte == 0)?;
            let (name, rest) = (rest[..end].to_vec(), &rest[end + 1..]);
            let id = Oid(rest.get(..BYTES)?.try_into().ok()?);
            all.push((name, Leaf { mode, id }));
            bytes = &rest[BYTES..];
        }
        Some(Self(all))
    }

    /// The folder as git writes it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, leaf) in &self.0 {
            bytes.extend_from_slice(format!("{:o} ", leaf.mode).as_bytes());
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(&leaf.id.0);
        }
        bytes
    }

    pub(crate) fn get(&self, name: &[u8]) -> Option<Leaf> {
        let mut named = self.0.iter().filter(|(own, _)| own == name);
        named.next().map(|(_, leaf)| *leaf)
    }

    /// Puts a name in, or takes it out.
    pub(crate) fn set(&mut self, name: &[u8], leaf: Option<Leaf>) {
        self.0.retain(|(own, _)| own != name);
        let Some(leaf) = leaf else {
            return;
        };
        let key = |name: &[u8], leaf: &Leaf| {
            let mut key = name.to_vec();
            // Folders are ordered as if their names ended so.
            key.extend(leaf.is_folder().then_some(b'/'));
            key
        };
        let own = key(name, &leaf);
        let at = self.0.partition_point(|(name, leaf)| key(name, leaf) < own);
        self.0.insert(at, (name.to_vec(), leaf));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_stand_where_git_puts_them() {
        let leaf = |mode| Leaf {
            mode,
            id: Oid([7; BYTES]),
        };
        let mut listing = Listing::default();
        for (name, mode) in [("a", FOLDER), ("a.b", FILE), ("a0", FILE), ("a-b", PROGRAM)] {
            listing.set(name.as_bytes(), Some(leaf(mode)));
        }
        let names = |listing: &Listing| {
            let names = listing.0.iter();
            let names = names.map(|(name, _)| String::from_utf8_lossy(name).into_owned());
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(&listing), "a-b a.b a a0");
        assert_eq!(Listing::parse(&listing.bytes()), Some(listing.clone()));
        listing.set(b"a", Some(leaf(FILE)));
        assert_eq!(names(&listing), "a a-b a.b a0");
        listing.set(b"a.b", None);
        assert_eq!(listing.get(b"a.b"), None);
        assert_eq!(listing.get(b"a").map(|leaf| leaf.mode), Some(FILE));
    }
}
