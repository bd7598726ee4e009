//! What the file tools ask for, held against a node's confines.

use std::path::{Path, PathBuf};

use super::{Confine, Trespass};
use crate::Situation;
use crate::file::is_device;
use crate::place::tidy;

/// Reading one file: it may not lie in a forbidden folder, by neither of its paths.
pub(crate) fn in_read(paths: &[&Path], situation: &Situation<'_>) -> Option<Trespass> {
    let place = situation.place;
    let confine = place.confine.as_ref()?;
    let mut paths = paths.iter();
    paths.find_map(|path| Trespass::foreign(path, confine, place))
}

/// Looking through a folder: no forbidden folder may lie below it either.
pub(crate) fn in_search(paths: &[&Path], situation: &Situation<'_>) -> Option<Trespass> {
    in_read(paths, situation).or_else(|| {
        let mut paths = paths.iter();
        paths.find_map(|path| above(path, situation))
    })
}

/// Everything below this folder is asked for, and something forbidden lies there.
pub(super) fn above(folder: &Path, situation: &Situation<'_>) -> Option<Trespass> {
    let place = situation.place;
    let below = place.confine.as_ref()?.forbidding_below(folder, place)?;
    Some(Trespass::Foreign {
        path: below.folder.clone(),
        whose: below.whose,
        own: Some(PathBuf::new()).filter(|_| below.whose != super::Whose::Data),
    })
}

/// Changing one file: in the root and in the scope, by both of its paths.
pub(crate) fn in_write(paths: &[&Path], situation: &Situation<'_>) -> Option<Trespass> {
    let confine = situation.place.confine.as_ref()?;
    if paths.iter().all(|path| is_device(path)) {
        return None;
    }
    paths.iter().find_map(|path| {
        let relative = match beyond(path, confine, situation) {
            Ok(relative) => relative,
            Err(trespass) => return Some(trespass),
        };
        let holds = confine.writes.holds(&relative);
        (!holds).then(|| Trespass::scope(relative, confine))
    })
}

/// A path relative to the root, or how it leads out of it.
pub(super) fn beyond(
    path: &Path,
    confine: &Confine,
    situation: &Situation<'_>,
) -> Result<String, Trespass> {
    let place = situation.place;
    if let Some(trespass) = Trespass::foreign(path, confine, place) {
        return Err(trespass);
    }
    let path = tidy(path);
    match path.strip_prefix(&place.root) {
        Ok(relative) => Ok(relative.to_string_lossy().into_owned()),
        Err(_) => Err(Trespass::Outside {
            root: place.root.clone(),
            path,
        }),
    }
}
