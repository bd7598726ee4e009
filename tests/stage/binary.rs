//! The real `formic`: the one that lies beside the test executable, built once if it is missing or older than the source.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::SystemTime;

static BINARY: LazyLock<PathBuf> = LazyLock::new(find);

/// The program under test.
pub fn formic() -> &'static Path {
    &BINARY
}

/// `target/PROFILE/deps/all-HASH` stands in the folder below `target/PROFILE/formic`.
fn find() -> PathBuf {
    let own = std::env::current_exe().expect("a running program knows its file");
    let profile = own
        .ancestors()
        .nth(2)
        .expect("tests run from target/PROFILE/deps");
    let binary = profile.join(format!("formic{}", std::env::consts::EXE_SUFFIX));
    if !is_current(&binary) {
        build(profile);
    }
    assert!(binary.is_file(), "there is no {}", binary.display());
    binary
}

fn is_current(binary: &Path) -> bool {
    let built = binary.metadata().and_then(|meta| meta.modified());
    built.is_ok_and(|built| newest(root()).is_none_or(|source| source <= built))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ is below the root")
}

/// When anything `formic` is built from was last written.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = folder.read_dir().ok()?.filter_map(Result::ok);
    let of = |entry: std::fs::DirEntry| {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            let foreign = [".git", "target", "tests", "docs"].map(OsStr::new);
            return if foreign.contains(&name.as_os_str()) {
                None
            } else {
                newest(&path)
            };
        }
        let source = ["rs", "md", "json", "toml", "lock"].map(OsStr::new);
        let counts = path
            .extension()
            .is_some_and(|extension| source.contains(&extension));
        counts
            .then(|| entry.metadata().ok()?.modified().ok())
            .flatten()
    };
    entries.filter_map(of).max()
}

fn build(profile: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let name = match profile.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let target = profile.parent().expect("a profile's folder lies in target");
    let status = Command::new(cargo)
        .current_dir(root())
        .args([
            "build",
            "--quiet",
            "-p",
            "cli",
            "--profile",
            name,
            "--target-dir",
        ])
        .arg(target)
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "formic could not be built"
    );
}
