//! Where paths lead, however they are written and whatever is in the way.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use workspace::{PathError, project_root, resolve};

/// `tree/` with a file, folders and symlinks of every sort, and `outside/` beside it.
struct Land {
    _dir: TempDir,
    top: PathBuf,
    tree: PathBuf,
}

fn land() -> Land {
    let dir = TempDir::new().unwrap();
    let top = dir.path().canonicalize().unwrap();
    let tree = top.join("tree");
    fs::create_dir_all(tree.join("a/b")).unwrap();
    fs::create_dir(top.join("outside")).unwrap();
    fs::write(tree.join("file"), "").unwrap();
    for (target, name) in [
        ("../outside", "out"),
        ("a/b", "in"),
        ("../../outside", "a/up"),
        ("nowhere/yet", "dangling"),
        ("../outside/new", "escape"),
        ("circle2", "circle1"),
        ("circle1", "circle2"),
        ("self/x", "self"),
        ("/proc/self/root", "root"),
    ] {
        symlink(target, tree.join(name)).unwrap();
    }
    symlink(top.join("outside"), tree.join("absolute")).unwrap();
    Land {
        _dir: dir,
        top,
        tree,
    }
}

#[test]
fn a_path_leads_where_the_system_would_go() {
    let land = land();
    for (asked, leads) in [
        ("file", "tree/file"),
        ("./a//./b/", "tree/a/b"),
        (".", "tree"),
        ("a/..", "tree"),
        ("../outside", "outside"),
        ("a/../../outside/f", "outside/f"),
        ("out", "outside"),
        ("out/new/deep", "outside/new/deep"),
        ("absolute/f", "outside/f"),
        // The parent of a symlinked folder is the parent of its target.
        ("out/../file", "file"),
        ("in/..", "tree/a"),
        ("a/up/f", "outside/f"),
        ("dangling", "tree/nowhere/yet"),
        ("dangling/f", "tree/nowhere/yet/f"),
        ("escape", "outside/new"),
        ("new/deep/f", "tree/new/deep/f"),
        ("new/../../outside", "outside"),
        ("new/../out/f", "outside/f"),
        ("file/below", "tree/file/below"),
        ("~backup", "tree/~backup"),
        ("a/~", "tree/a/~"),
        (" ", "tree/ "),
    ] {
        let found = resolve(&land.tree, asked).unwrap();
        assert_eq!(found.path, land.top.join(leads), "{asked}");
    }
}

#[test]
fn ways_around_the_root_come_back_to_it() {
    let land = land();
    let file = land.tree.join("file");
    let below = file.display();
    for asked in [
        format!("/proc/self/root{below}"),
        format!("root{below}"),
        format!("/../../..{below}"),
        format!("//{below}"),
        format!("/proc/self/root/proc/self/root{below}"),
    ] {
        assert_eq!(resolve(&land.tree, &asked).unwrap().path, file, "{asked}");
    }
}

#[test]
fn what_exists_agrees_with_the_system() {
    let land = land();
    for asked in [
        "out",
        "in/..",
        "a/up",
        "absolute/..",
        "root/tmp",
        "a/b/../../in",
    ] {
        let system = land.tree.join(asked).canonicalize().unwrap();
        assert_eq!(resolve(&land.tree, asked).unwrap().path, system, "{asked}");
    }
}

#[test]
fn the_asked_spelling_is_made_absolute_and_nothing_else() {
    let land = land();
    let found = resolve(&land.tree, "out/../x/").unwrap();
    assert_eq!(found.asked, land.tree.join("out/../x"));
    assert_eq!(
        resolve(&land.tree, "/etc/./x").unwrap().asked,
        Path::new("/etc/x")
    );
}

#[test]
fn case_and_unicode_forms_are_kept_as_written() {
    let land = land();
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    symlink("../outside", land.tree.join(composed)).unwrap();
    for (asked, leads) in [
        (composed, land.top.join("outside")),
        (decomposed, land.tree.join(decomposed)),
        ("OUT", land.tree.join("OUT")),
    ] {
        // A file system that folds them says so itself: then both lead to the target.
        let same = land.tree.join(asked).symlink_metadata().is_ok();
        let leads = if same {
            land.top.join("outside")
        } else {
            leads
        };
        assert_eq!(resolve(&land.tree, asked).unwrap().path, leads, "{asked}");
    }
}

#[test]
fn what_leads_nowhere_is_refused_by_name() {
    let land = land();
    let told = |asked: &str| resolve(&land.tree, asked).unwrap_err();
    assert!(matches!(told(""), PathError::Empty));
    assert!(matches!(told("a\0b"), PathError::Nul(_)));
    assert!(matches!(told("~"), PathError::Home(_)));
    assert!(matches!(told("~/x"), PathError::Home(_)));
    assert!(matches!(told("circle1"), PathError::Loop(_)));
    assert!(matches!(told("circle2/x"), PathError::Loop(_)));
    assert!(matches!(told("self"), PathError::Loop(_)));
    assert!(matches!(told(&"x".repeat(300)), PathError::Blocked { .. }));
    assert!(matches!(
        resolve(Path::new("tree"), "x"),
        Err(PathError::Start(_))
    ));
}

#[test]
fn a_name_that_is_not_utf8_is_refused_where_it_leads() {
    let land = land();
    let odd = land.top.join(std::ffi::OsStr::from_bytes(b"odd\xff"));
    fs::create_dir(&odd).unwrap();
    symlink(&odd, land.tree.join("plain")).unwrap();
    let told = resolve(&land.tree, "plain/f").unwrap_err();
    assert!(matches!(told, PathError::NotUtf8(_)), "{told}");
}

#[test]
fn forty_links_are_a_way_and_one_more_is_none() {
    let land = land();
    let link = |n: usize, to: &str| symlink(to, land.tree.join(format!("l{n}"))).unwrap();
    link(1, "file");
    (2..=41).for_each(|n| link(n, &format!("l{}", n - 1)));
    assert_eq!(
        resolve(&land.tree, "l40").unwrap().path,
        land.tree.join("file")
    );
    assert!(matches!(
        resolve(&land.tree, "l41"),
        Err(PathError::Loop(_))
    ));
}

#[test]
fn a_project_begins_at_the_nearest_git() {
    let land = land();
    let deep = land.tree.join("a/b");
    assert_eq!(project_root(&deep), deep);
    fs::create_dir(land.tree.join(".git")).unwrap();
    assert_eq!(project_root(&deep), land.tree);
    // The file of a worktree or submodule counts as well.
    fs::write(land.tree.join("a/.git"), "gitdir: elsewhere").unwrap();
    assert_eq!(project_root(&deep), land.tree.join("a"));
}
