//! Which session a run goes on with.

use std::path::Path;

use actors::archive::{self, DataFolder};
use protocol::SessionId;

use super::ground::Site;
use crate::args::SessionArgs;
use crate::args::sessions::SessionName;
use crate::failure::{Failure, Kind};

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
/// When no session begins so, or several do.
pub fn named(data: &DataFolder, name: &SessionName) -> Result<SessionId, Failure> {
    let digits = match name {
        SessionName::Whole(id) => return Ok(*id),
        SessionName::Beginning(digits) => digits,
    };
    let mut found = archive::newest_first(data)?;
    found.retain(|id| id.uuid().simple().to_string().starts_with(digits));
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(Failure::new(
            Kind::Session,
            format_args!("session {digits}: none begins so"),
            "`formic sessions list` shows the sessions there are, `formic swarm ls` the runs of swarms",
        )),
        several => {
            let shown: Vec<String> = several.iter().take(3).map(ToString::to_string).collect();
            Err(Failure::new(
                Kind::Session,
                format_args!("session {digits}: {} sessions begin so", several.len()),
                format_args!("write more digits: {}", shown.join(", ")),
            ))
        }
    }
}
