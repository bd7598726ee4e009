//! Reading the repository's objects and refs: what lies by itself is read here, everything else is asked of one git that
//! is kept open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::GitId;

use super::drafts::Drafts;
use super::error::GitError;
use super::keep::Keeping;
use super::listing::Listing;
use super::loose::{self, Oid, Sort};
use super::repo::Repo;
use super::talk::{Answer, Shape, Talk};

/// How many names of folders are remembered before all are forgotten: some 20 MiB of them.
const NAMES: usize = 200_000;

/// Of how many commits, and of how many of their folders, it is remembered which folder they are before all are forgotten.
const COMMITS: usize = 8192;

/// How much of what files held is remembered before all is forgotten, in bytes: trees that are brought to one commit side
/// by side want the same files.
const CONTENTS: usize = 4 << 20;

/// The largest file that is.
const CONTENT: usize = 64 << 10;

/// What of a repository is kept open and in mind; all clones of a [`Repo`] share it.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// Asked about objects and refs.
    pub(crate) reads: Talk,
    /// Moves refs.
    pub(crate) moves: Talk,
    /// Those that wait to be kept.
    pub(crate) keeping: Keeping,
    /// What objects and refs are made of.
    pub(crate) drafts: Drafts,
    // Looked at by whoever reads, for no longer than that takes. An owner task would have to be asked for each folder.
    folders: Mutex<Folders>,
    // The files of commits, for the same reason without an owner.
    trees: Mutex<HashMap<GitId, GitId>>,
    // And what files held, without an owner as those.
    contents: Mutex<Contents>,
    // Held by whoever reads one of them, while the others wait; an owner task would have to be asked for each file.
    reading: tokio::sync::Mutex<()>,
}

/// Files that were read before.
#[derive(Debug, Default)]
struct Contents {
    known: HashMap<Oid, Arc<[u8]>>,
    bytes: usize,
}

impl Contents {
    fn remember(&mut self, id: Oid, content: &[u8]) {
        if content.len() > CONTENT {
            return;
        }
        if self.bytes + content.len() > CONTENTS {
            *self = Self::default();
        }
        if self.known.insert(id, content.into()).is_none() {
            self.bytes += content.len();
        }
    }
}

/// Folders that were looked at before.
#[derive(Debug, Default)]
struct Folders {
    known: HashMap<Oid, Arc<Listing>>,
    /// How many names they hold together.
    names: usize,
}

impl Folders {
    fn remember(&mut self, id: Oid, listing: &Arc<Listing>) {
        let more = listing.0.len() + 1;
        if self.names + more > NAMES {
            *self = Self::default();
        }
        if self.known.insert(id, listing.clone()).is_none() {
            self.names += more;
        }
    }
}

impl Desk {
    /// The files of a commit that was asked for before.
    pub(crate) fn tree(&self, commit: &GitId) -> Option<GitId> {
        let trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.get(commit).cloned()
    }

    pub(crate) fn remember_tree(&self, commit: &GitId, tree: &GitId) {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        if trees.len() >= COMMITS {
            trees.clear();
        }
        trees.insert(commit.clone(), tree.clone());
    }

    fn known(&self, id: Oid) -> Option<Arc<Listing>> {
        let folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.known.get(&id).cloned()
    }

    pub(crate) fn remember_file(&self, id: Oid, content: &[u8]) {
        self.contents().remember(id, content);
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Objects never change: what is known of them stays true.
    fn remember(&self, id: Oid, listing: &Arc<Listing>) {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.remember(id, listing);
    }
}

impl Repo {
    /// Whether objects are named by SHA-1 and nobody has said how they are written: then they are written here.
    pub(crate) fn writes_objects(&self) -> bool {
        self.format == "sha1" && self.writes_as_usual
    }

    /// Adds an object to the user's store.
    pub(crate) fn write_object(&self, sort: Sort, content: &[u8]) -> Result<Oid, GitError> {
        let store = self.places.objects();
        let written = loose::write(&self.desk.drafts, &store, sort, content);
        written.map_err(|error| GitError::io(&store, error))
    }

    /// Adds a folder to the user's store.
    pub(crate) fn write_folder(&self, listing: Listing) -> Result<Oid, GitError> {
        let id = self.write_object(Sort::Tree, &listing.bytes())?;
        self.desk.remember(id, &Arc::new(listing));
        Ok(id)
    }

    /// The id of what a name stands for; `None` if there is nothing of that name.
    pub(crate) async fn named(&self, name: &str) -> Result<Option<GitId>, GitError> {
        let answer = self.asked("info", name, Shape::Lines(1)).await?;
        Ok(id_of(&answer))
    }

    /// A folder.
    pub(crate) async fn folder(&self, id: Oid) -> Result<Arc<Listing>, GitError> {
        if let Some(known) = self.desk.known(id) {
            return Ok(known);
        }
        let bytes = self.content(id, Sort::Tree).await?;
        let odd = || GitError::Odd {
            command: format!("cat-file tree {}", id.hex()),
        };
        let listing = Arc::new(Listing::parse(&bytes).ok_or_else(odd)?);
        self.desk.remember(id, &listing);
        Ok(listing)
    }

    /// What a file holds.
    pub(crate) async fn file(&self, id: Oid) -> Result<Arc<[u8]>, GitError> {
        let known = || self.desk.contents().known.get(&id).cloned();
        if let Some(known) = known() {
            return Ok(known);
        }
        // Trees side by side want the same ones at the same time: one reads, and the others find what it read.
        let _reading = self.desk.reading.lock().await;
        if let Some(known) = known() {
            return Ok(known);
        }
        let content = self.content(id, Sort::Blob).await?;
        self.desk.remember_file(id, &content);
        Ok(content.into())
    }

    /// The content of an object.
    pub(crate) async fn content(&self, id: Oid, sort: Sort) -> Result<Vec<u8>, GitError> {
        if let Some(content) = loose::read(&self.places.objects(), id, sort) {
            return Ok(content);
        }
        let hex = id.hex();
        let answer = self.asked("contents", &hex, Shape::Sized).await;
        let is_it = |answer: &Answer| {
            let mut said = answer.lines.iter();
            said.next()
                .is_some_and(|line| line.starts_with(&format!("{hex} {} ", sort.name())))
        };
        match answer {
            Ok(answer) if is_it(&answer) => Ok(answer.body),
            // By itself, it is larger, or says what is wrong.
            Ok(_) | Err(_) => {
                self.git()
                    .args(["cat-file", sort.name(), &hex])
                    .bytes()
                    .await
            }
        }
    }

    async fn asked(&self, what: &str, name: &str, shape: Shape) -> Result<Answer, GitError> {
        if name.contains(['\n', '\0']) {
            return Ok(Answer::default());
        }
        let start = || self.git().args(["cat-file", "--batch-command"]);
        let question = format!("{what} {name}\n");
        self.desk.reads.ask(start, question.as_bytes(), shape).await
    }
}

/// `<id> <kind> <size>`; anything else says that there is nothing.
fn id_of(answer: &Answer) -> Option<GitId> {
    let mut words = answer.lines.first()?.split(' ');
    let id = words.next()?.parse().ok()?;
    (words.count() == 2).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::super::listing::{FILE, Leaf};
    use super::*;

    #[test]
    fn so_much_of_files_is_remembered_and_no_large_one() {
        let mut contents = Contents::default();
        let id = |n: usize| Oid([u8::try_from(n).unwrap(); 20]);
        let most = CONTENTS / CONTENT;
        for n in (0..most).chain(0..most) {
            contents.remember(id(n), &vec![0; CONTENT]);
        }
        contents.remember(id(most), &vec![0; CONTENT + 1]);
        assert_eq!(contents.known.len(), most);
        contents.remember(id(most), &[0]);
        assert_eq!((contents.known.len(), contents.bytes), (1, 1));
    }

    #[test]
    fn of_large_folders_fewer_are_remembered() {
        let leaf = Leaf {
            mode: FILE,
            id: Oid([0; 20]),
        };
        let large = Arc::new(Listing(vec![(b"name".to_vec(), leaf); NAMES / 4]));
        let mut folders = Folders::default();
        let id = |n: u8| Oid([n; 20]);
        for n in [0, 1, 2, 0, 1, 2] {
            folders.remember(id(n), &large);
        }
        assert_eq!(folders.known.len(), 3, "the same one takes no more room");
        folders.remember(id(3), &large);
        let known: Vec<Oid> = folders.known.into_keys().collect();
        assert_eq!(known, [id(3)]);
    }
}
