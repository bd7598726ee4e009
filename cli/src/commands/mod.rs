//! The subcommands, one file each.

pub mod completions;
pub mod config;
pub mod cost;
pub mod demo;
pub mod doctor;
pub mod model_server;
pub mod models;
pub mod permissions;
pub mod replay;
pub mod sessions;

use std::path::PathBuf;

use actors::archive::DataFolder;
use protocol::{SessionId, Timestamp};

use crate::args::PlaceArgs;
use crate::args::sessions::SessionName;
use crate::failure::Failure;
use crate::resolve::environment::Environment;
use crate::resolve::ground::Site;
use crate::resolve::place::Folders;
use crate::resolve::session::{named, newest};

/// The data folder, without looking at a project or its settings.
pub fn data() -> Result<DataFolder, Failure> {
    Ok(DataFolder::at(Folders::find(&Environment::read())?.data))
}

/// The named session, else the newest of the folder the command was typed in.
fn session(data: &DataFolder, name: Option<&SessionName>) -> Result<SessionId, Failure> {
    match name {
        Some(name) => named(data, name),
        None => newest(&Site::find(&PlaceArgs::default(), None)?, "SESSION"),
    }
}

/// A moment for people, where they are.
pub fn moment(at: Timestamp) -> String {
    let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
    let Ok(at) = jiff::Timestamp::from_millisecond(millis) else {
        return "?".to_owned();
    };
    let zoned = at.to_zoned(jiff::tz::TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M").to_string()
}

/// A path below the home as `~/...`, for people.
pub fn short(path: &std::path::Path) -> String {
    let environment = Environment::read();
    let below = environment
        .home()
        .and_then(|home| path.strip_prefix(home).ok());
    let shown: PathBuf =
        below.map_or_else(|| path.to_owned(), |below| PathBuf::from("~").join(below));
    shown.display().to_string()
}
