//! Which session a run goes on with.

use std::path::Path;

use actors::archive::{self, DataFolder};
use protocol::SessionId;

use super::ground::Site;
use crate::args::SessionArgs;
use crate::args::sessions::SessionName;
use crate::failure::{Failure, Kind};

/// How many sessions are named where one was meant.
const CANDIDATES: usize = 6;

/// How a run comes to its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// A new one, under this id if one is given.
    New(Option<SessionId>),
    /// An old one.
    Resume(SessionId),
    /// A copy of an old one, under this id if one is given.
    Fork(SessionId, Option<SessionId>),
}

/// Reads the flags; without an id the newest session of this folder is meant.
///
/// # Errors
/// When flags contradict one another, or there is no session here.
pub fn take(ground: &Site, args: &SessionArgs) -> Result<Take, Failure> {
    let data = DataFolder::at(&ground.folders.data);
    let old = match (&args.resume, args.go_on) {
        (Some(Some(name)), _) => Some(named(&data, name)?),
        (Some(None), _) => Some(newest(ground, "--resume")?),
        (None, true) => Some(newest(ground, "--continue")?),
        (None, false) => None,
    };
    match (old, args.fork_session) {
        (None, true) => Err(Failure::usage(
            "--fork-session: there is no session to fork",
            "name one with --resume ID, or take the newest with --continue",
        )),
        (None, false) => Ok(Take::New(args.session_id)),
        (Some(id), true) => Ok(Take::Fork(id, args.session_id)),
        (Some(id), false) => Ok(Take::Resume(id)),
    }
}

/// The newest session of the folder formic works in.
///
/// # Errors
/// When there is none; `flag` is who asked.
pub fn newest(ground: &Site, flag: &str) -> Result<SessionId, Failure> {
    let cwd: &Path = &ground.place.cwd;
    let found = archive::newest_for(&DataFolder::at(&ground.folders.data), cwd)?;
    found.ok_or_else(|| {
        Failure::new(
            Kind::Session,
            format_args!("{flag}: there is no session of {}", cwd.display()),
            "`formic sessions list` shows all sessions; begin one with formic -p \"PROMPT\"",
        )
    })
}

/// The session of a name.
///
/// # Errors
/// When no session has such an id, or several have.
pub fn named(data: &DataFolder, name: &SessionName) -> Result<SessionId, Failure> {
    let digits = match name {
        SessionName::Whole(id) => return Ok(*id),
        SessionName::End(digits) => digits,
    };
    let found = ending(archive::newest_first(data)?, digits);
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(Failure::new(
            Kind::Session,
            format_args!("session {digits}: no id begins or ends so"),
            "`formic sessions list` shows the sessions there are, `formic swarm ls` the runs of swarms",
        )),
        several => Err(Failure::new(
            Kind::Session,
            format_args!(
                "session {digits}: the ids of {} sessions begin or end so",
                several.len()
            ),
            format_args!("name one of them: {}", candidates(data, several)),
        )),
    }
}

/// The ids that begin or end with these digits. A short form that is whole means its own, whatever begins like it.
fn ending(ids: Vec<SessionId>, digits: &str) -> Vec<SessionId> {
    let short: Vec<SessionId> = ids
        .iter()
        .copied()
        .filter(|id| id.digits() == digits)
        .collect();
    if !short.is_empty() {
        return short;
    }
    let is_meant = |id: &SessionId| {
        let whole = id.uuid().simple().to_string();
        whole.ends_with(digits) || whole.starts_with(digits)
    };
    ids.into_iter().filter(is_meant).collect()
}

/// The newest few of several sessions, each with what it is about.
fn candidates(data: &DataFolder, several: &[SessionId]) -> String {
    let listed = archive::list(data).unwrap_or_default();
    let is_told_apart = |id: &SessionId| {
        let same = several.iter().filter(|one| one.digits() == id.digits());
        same.count() == 1
    };
    let shown = several.iter().take(CANDIDATES).map(|id| {
        let name = match is_told_apart(id) {
            true => id.digits(),
            false => id.to_string(),
        };
        let info = listed.iter().find(|info| info.id == *id);
        match info.and_then(|info| info.facts.title.as_deref()) {
            Some(title) => format!("{name} ({})", crate::swarm::brief(title, 30)),
            None => name,
        }
    });
    let mut shown: Vec<String> = shown.collect();
    let more = several.len() - shown.len();
    shown.extend((more > 0).then(|| format!("{more} more")));
    shown.join(", ")
}
