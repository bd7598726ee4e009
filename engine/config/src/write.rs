//! Writing one changed settings file: as a whole or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::check::{self, Findings, Origin};
use crate::edit::{self, Change};
use crate::error::ConfigError;
use crate::key::KeyPath;
use crate::read;
use crate::schema;
use crate::source::{Layer, Source};

/// Changes one setting of a settings file, which is made if it is not there.
///
/// Comments and order of the file stay. The change is refused if the setting is not known or the value does not fit.
/// The new text replaces the old in one step, so a reader sees either; a file reached by a symlink stays where it is.
/// A file that holds a secret when it is made is readable for its owner only.
pub fn set(file: &Path, key: &KeyPath, change: &Change) -> Result<(), ConfigError> {
    check_change(file, key, change)?;
    let old = read::settings_text(file)?;
    let text = edit::edited(old.as_deref().unwrap_or(""), key.segments(), change).map_err(|e| {
        ConfigError::Syntax {
            at: Source {
                layer: Layer::Flags,
                file: Some(file.to_owned()),
                line: Some(e.line),
            },
            column: e.column,
            message: e.message,
        }
    })?;
    if old.as_ref() == Some(&text) {
        return Ok(());
    }
    replace(file, &text, schema::is_secret(key)).map_err(|cause| ConfigError::Unwritable {
        file: file.to_owned(),
        cause,
    })
}

/// Refuses a change that would not load.
fn check_change(file: &Path, key: &KeyPath, change: &Change) -> Result<(), ConfigError> {
    if let Some((key, near)) = schema::unknown_part(key) {
        return Err(ConfigError::UnknownKey {
            key,
            suggestion: near.map(str::to_owned),
        });
    }
    let text = edit::wrap(key.segments(), change.alone()).to_string();
    let mut findings = Findings::default();
    check::document(
        &text,
        &Origin {
            layer: Layer::Flags,
            file: Some(file.to_owned()),
        },
        &mut findings,
    );
    findings.errors.into_iter().next().map_or(Ok(()), Err)
}

fn replace(file: &Path, text: &str, secret: bool) -> io::Result<()> {
    let target = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mode = fs::metadata(&target).ok().map(|meta| meta.permissions());
    let (beside, mut new) = create_beside(&target)?;
    let written = fill(&mut new, text, (mode, secret)).and_then(|()| fs::rename(&beside, &target));
    if written.is_err() {
        // The first error is the one to report; a leftover is only untidy.
        let _ = fs::remove_file(&beside);
    }
    written?;
    File::open(folder)?.sync_all()
}

/// A new file next to the target, so that the rename stays on one disk; never one that somebody else placed there.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    for attempt in 0..100 {
        let beside = target.with_file_name(format!(".{name}.{}.{attempt}.new", std::process::id()));
        match private().write(true).create_new(true).open(&beside) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (beside, file)),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "too many half-written files beside it",
    ))
}

/// Nobody else may look in before the final permissions are set.
fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn fill(
    new: &mut File,
    text: &str,
    (old_mode, secret): (Option<Permissions>, bool),
) -> io::Result<()> {
    new.write_all(text.as_bytes())?;
    match old_mode {
        Some(mode) => new.set_permissions(mode)?,
        None if secret => {}
        None => open_to_readers(new)?,
    }
    new.sync_all()
}

#[cfg(unix)]
fn open_to_readers(new: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    new.set_permissions(Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_readers(_: &File) -> io::Result<()> {
    Ok(())
}
