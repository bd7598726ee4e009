//! Objects as git keeps them one by one, written and read without starting it: a head, the content, compressed, under
//! the hash of both.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use protocol::GitId;
use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens};
use sha1::{Digest, Sha1};

use super::drafts::Drafts;

/// How many bytes an id has.
pub(crate) const BYTES: usize = 20;

/// An object that is larger than this is left to git to read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// An object up to this size is not packed, in bytes: with what it is wrapped in it takes a block of the disk either way, and
/// packing one takes longer than all the rest of writing it.
const BLOCK: usize = 4096 - 11;

/// Marks a file as changed at this moment, by the system's own clock.
const JUST_NOW: Timestamps = Timestamps {
    last_access: Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_OMIT,
    },
    last_modification: Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    },
};

/// The id of an object, in a repository that names them by SHA-1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Oid(pub(crate) [u8; BYTES]);

impl std::fmt::Debug for Oid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.hex())
    }
}

impl Oid {
    /// The id, if it is one of this length.
    pub(crate) fn of(id: &GitId) -> Option<Self> {
        let text = id.as_str().as_bytes();
        let mut bytes = [0; BYTES];
        if text.len() != 2 * BYTES {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    pub(crate) fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The same id for everybody else; `None` never happens, as these digits are an id's.
    pub(crate) fn id(&self) -> Option<GitId> {
        self.hex().parse().ok()
    }
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Blob,
    Tree,
    Commit,
}

impl Sort {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
        }
    }
}

fn head(sort: Sort, content: &[u8]) -> Vec<u8> {
    format!("{} {}\0", sort.name(), content.len()).into_bytes()
}

/// The id that an object has.
pub(crate) fn hashed(sort: Sort, content: &[u8]) -> Oid {
    let hash = Sha1::new_with_prefix(head(sort, content));
    Oid(hash.chain_update(content).finalize().into())
}

fn place(store: &Path, id: Oid) -> PathBuf {
    let hex = id.hex();
    store.join(&hex[..2]).join(&hex[2..])
}

/// Adds an object to the store, whole or not at all. One that is there already is marked as wanted just now, as git
/// does: what tidies up looks at that.
pub(crate) fn write(drafts: &Drafts, store: &Path, sort: Sort, content: &[u8]) -> io::Result<Oid> {
    let id = hashed(sort, content);
    let path = place(store, id);
    if File::open(&path).is_ok_and(|file| futimens(&file, &JUST_NOW).is_ok()) {
        return Ok(id);
    }
    let bytes = packed(head(sort, content), content)?;
    drafts.put(store, &path, &bytes).map(|()| id)
}

/// The object as it lies in a file, in the form of RFC 1950.
fn packed(mut object: Vec<u8>, content: &[u8]) -> io::Result<Vec<u8>> {
    object.extend_from_slice(content);
    if object.len() <= BLOCK {
        return Ok(stored(&object));
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&object)?;
    packed.finish()
}

/// The same of at most 65,535 bytes as they are: one stored block (RFC 1951, 3.2.4), which is the last.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the length of a block is told in 16 bits"
)]
fn stored(object: &[u8]) -> Vec<u8> {
    let length = object.len() as u16;
    let mut bytes = vec![0x78, 0x01, 0x01];
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&(!length).to_le_bytes());
    bytes.extend_from_slice(object);
    bytes.extend_from_slice(&adler2::adler32_slice(object).to_be_bytes());
    bytes
}

/// Reads an object that lies in the store by itself; `None` if it does not, or is not whole, or of another sort.
pub(crate) fn read(store: &Path, id: Oid, sort: Sort) -> Option<Vec<u8>> {
    let file = File::open(place(store, id)).ok()?;
    let mut all = Vec::new();
    let mut unpacked = ZlibDecoder::new(file).take(LARGEST);
    unpacked.read_to_end(&mut all).ok()?;
    let end = all.iter().position(|byte| *byte == 0)?;
    let content = all.split_off(end + 1);
    (all == head(sort, &content)).then_some(content)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn git_finds_every_object_whole_whether_packed_or_not() {
        let dir = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| {
            let output = Command::new("git").args(args).current_dir(&dir).output();
            let output = output.unwrap();
            assert!(output.status.success(), "{args:?}: {output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        git(&["init", "-q", "--object-format=sha1"]);
        let store = dir.path().join(".git/objects");
        let head = "blob 4000\0".len();
        let mut sizes = vec![0, 1, BLOCK - head, BLOCK - head + 1, BLOCK, 65_535, 65_536];
        sizes.extend((0..200).map(|n| n * 97));
        for size in sizes {
            let content: Vec<u8> = (0..size).map(|n| (n * n % 251) as u8).collect();
            let id = write(&Drafts::default(), &store, Sort::Blob, &content).unwrap();
            assert_eq!(read(&store, id, Sort::Blob), Some(content), "{size}");
            let told = git(&["cat-file", "-s", &id.hex()]);
            assert_eq!(told.trim_end(), size.to_string());
        }
        git(&["fsck", "--strict"]);
    }
}
