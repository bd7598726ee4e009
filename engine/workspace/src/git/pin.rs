//! A ref that keeps something, written as git keeps them one by one, without asking it.

use std::path::Path;

use super::drafts::Drafts;
use super::keep::Kept;
use super::loose::{self, Oid, Sort};

/// What a locked ref is called after it.
const LOCK: &str = ".lock";

/// Makes a ref in the git folder `shared`, whole or not at all; whether it did. One that has a file nobody but git moves: it
/// has a lock for that, which whoever dies while he holds it leaves behind. A new file needs none, as nobody else makes any
/// of that name, and it counts more than what git may have packed of it.
pub(crate) fn pin(drafts: &Drafts, shared: &Path, kept: &Kept) -> bool {
    let store = shared.join("objects");
    // git itself points no ref at what is not there.
    let is_there = |id| loose::read(&store, id, Sort::Commit).is_some();
    if !is_plain(&kept.name) || !Oid::of(&kept.commit).is_some_and(is_there) {
        return false;
    }
    let line = format!("{}\n", kept.commit);
    let to = shared.join(&kept.name);
    drafts.put_new(&store, &to, line.as_bytes()).is_ok()
}

/// Whether a name is one that every git takes for what it says.
fn is_plain(name: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=+%.".contains(&byte);
    name.split('/').all(|part| {
        let is_odd = part.is_empty() || part.contains("..") || part.ends_with(LOCK);
        !is_odd && !part.starts_with('.') && !part.ends_with('.') && part.bytes().all(is_known)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::process::Command;

    use super::*;

    fn git(folder: &Path, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]);
        let output = command.args(args).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// A repository with one commit.
    fn repository() -> (tempfile::TempDir, PathBuf, Oid) {
        let dir = tempfile::tempdir().unwrap();
        git(dir.path(), &["init", "-q", "--object-format=sha1"]);
        git(dir.path(), &["commit", "-q", "--allow-empty", "-m", "x"]);
        let head = git(dir.path(), &["rev-parse", "HEAD"]).parse().unwrap();
        let shared = dir.path().join(".git");
        (dir, shared, Oid::of(&head).unwrap())
    }

    fn kept(name: &str, id: Oid) -> Kept {
        Kept {
            name: format!("refs/formic/0123456789ab/{name}"),
            commit: id.id().unwrap(),
        }
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    }

    #[test]
    fn git_finds_a_ref_where_it_was_pointed() {
        let (_dir, shared, id) = repository();
        let drafts = Drafts::default();
        drafts.make(&shared.join("objects")).unwrap();
        for name in ["one", "v1.2=merged"] {
            assert!(pin(&drafts, &shared, &kept(name, id)));
            let told = git(&shared, &["rev-parse", &kept(name, id).name]);
            assert_eq!(told, id.hex());
        }
        assert_eq!(files(&shared.join("refs/formic/0123456789ab")).len(), 2);
        drafts.clear();
        let is_draft = |path: &PathBuf| path.to_string_lossy().contains("tmp_obj");
        assert!(!files(&shared.join("objects")).iter().any(is_draft));
    }

    #[test]
    fn what_is_there_or_git_would_not_make_is_left_to_it() {
        let (_dir, shared, id) = repository();
        let folder = shared.join("refs/formic/0123456789ab");
        fs::create_dir_all(folder.join("taken/below")).unwrap();
        fs::write(folder.join("there"), format!("{}\n", id.hex())).unwrap();
        let before = files(&folder);
        let store = shared.join("objects");
        let blob = loose::write(&Drafts::default(), &store, Sort::Blob, b"no commit").unwrap();
        let lost = Oid([1; loose::BYTES]);
        let names = ["a..b", "a.lock", ".a", "a.", "a/", "a b", "\u{e4}", "a\n"];
        let mut refused = vec![kept("there", id), kept("taken", id)];
        refused.extend([kept("lost", lost), kept("blob", blob)]);
        refused.extend(names.map(|name| kept(name, id)));
        for one in refused {
            assert!(!pin(&Drafts::default(), &shared, &one), "{one:?}");
            assert_eq!(files(&folder), before, "{one:?}");
        }
        assert!(
            !files(&store).iter().any(|path| path.is_file()),
            "no draft stays"
        );
    }
}
