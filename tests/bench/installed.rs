//! Both programs as an installation leaves them: copied. The system keeps what a linker wrote in small pieces and in the
//! order it wrote them, and starting that costs up to a sixth more CPU than starting its copy, for as long as it is in memory.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// Copied once, beside the release binary, when it is first asked for.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let own = std::env::current_exe().unwrap();
    let built = own.parent().unwrap().parent().unwrap();
    let folder = built.join("installed");
    std::fs::create_dir_all(&folder).unwrap();
    let copy = |from: PathBuf, name: &str| {
        let to = folder.join(name);
        // A file that another process still runs cannot be written over.
        let _ = std::fs::remove_file(&to);
        std::fs::copy(&from, to).expect("formic is built: cargo build --release -p cli");
    };
    copy(built.join("formic"), "formic");
    copy(own, "floor");
    folder
});

/// The release binary.
pub fn formic() -> PathBuf {
    FOLDER.join("formic")
}

/// The floor, told what it is to do by its arguments.
pub fn floor() -> Command {
    Command::new(FOLDER.join("floor"))
}
