//! Reading one small text file without being hurt by what may stand in its place.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::error::ConfigError;

/// The largest settings file that is read, in bytes.
pub const MAX_SETTINGS_BYTES: u64 = 1024 * 1024;

/// The whole text of a settings file; none if there is no such file.
pub(crate) fn settings_text(file: &Path) -> Result<Option<String>, ConfigError> {
    let Some((bytes, more)) = head(file, MAX_SETTINGS_BYTES)? else {
        return Ok(None);
    };
    if more {
        return Err(ConfigError::TooLarge {
            file: file.to_owned(),
            limit: MAX_SETTINGS_BYTES,
        });
    }
    String::from_utf8(bytes).map(Some).map_err(|e| {
        let before = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let newlines = before.iter().filter(|b| **b == b'\n').count();
        ConfigError::NotUtf8 {
            file: file.to_owned(),
            line: u32::try_from(newlines + 1).unwrap_or(u32::MAX),
        }
    })
}

/// The first `limit` bytes of a regular file and whether there are more; none if there is no such file.
pub(crate) fn head(file: &Path, limit: u64) -> Result<Option<(Vec<u8>, bool)>, ConfigError> {
    let unreadable = |cause| ConfigError::Unreadable {
        file: file.to_owned(),
        cause,
    };
    let meta = match fs::metadata(file) {
        Ok(meta) => meta,
        Err(e) if is_absent(&e) => return Ok(None),
        Err(e) => return Err(unreadable(e)),
    };
    // Asked before opening: opening a pipe would wait for a writer for ever.
    if !meta.is_file() {
        let found = if meta.is_dir() {
            "this is a folder"
        } else {
            "this is a device or a pipe"
        };
        return Err(ConfigError::NotAFile {
            file: file.to_owned(),
            found,
        });
    }
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(unreadable)?;
    opened
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let more = bytes.len() as u64 > limit;
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Some((bytes, more)))
}

/// Not there at all, or below something that is no folder.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
