//! Putting up walls: Landlock holds for the thread that asks for it and for whatever that thread starts.

use std::io;

use tokio::process::{Child, Command};

use crate::walls::Walls;

/// Starts a command behind walls.
#[cfg(target_os = "linux")]
pub(crate) fn start(
    command: &mut Command,
    walls: &Walls,
    told: &[&std::path::Path],
) -> io::Result<Child> {
    let ruleset = linux::ruleset(walls, told)?;
    let runtime = tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
    std::thread::scope(|scope| {
        // A thread of its own: walls never come down again, and formic itself must stay free.
        let starter = std::thread::Builder::new().name("starter".to_owned());
        let started = starter.spawn_scoped(scope, || {
            let _runtime = runtime.enter();
            ruleset.restrict_self().map_err(io::Error::other)?;
            command.spawn()
        })?;
        started.join().unwrap_or_else(|_| {
            Err(io::Error::other(
                "the thread that starts commands broke off",
            ))
        })
    })
}

/// Starts a command; this system has no walls.
#[cfg(not(target_os = "linux"))]
pub(crate) fn start(
    command: &mut Command,
    _walls: &Walls,
    _told: &[&std::path::Path],
) -> io::Result<Child> {
    command.spawn()
}

/// Whether the kernel holds walls.
pub(crate) fn holds() -> bool {
    #[cfg(target_os = "linux")]
    return linux::holds();
    #[cfg(not(target_os = "linux"))]
    return false;
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::path::Path;

    use landlock::{
        ABI, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
        RulesetAttr, RulesetCreated, RulesetCreatedAttr,
    };

    use crate::walls::Walls;

    /// The kernel's third version can also hold truncation; later ones add nothing that writes files.
    const VERSION: ABI = ABI::V3;

    fn writing() -> BitFlags<AccessFs> {
        AccessFs::from_write(VERSION)
    }

    pub(super) fn holds() -> bool {
        let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        let handled = ruleset.handle_access(AccessFs::from_write(ABI::V1));
        handled.and_then(Ruleset::create).is_ok()
    }

    /// Everything that writes is denied except below what the walls leave open. An old kernel holds what it can.
    pub(super) fn ruleset(walls: &Walls, told: &[&Path]) -> io::Result<RulesetCreated> {
        let handled = Ruleset::default().handle_access(writing());
        let mut ruleset = handled
            .and_then(Ruleset::create)
            .map_err(io::Error::other)?;
        let open = walls.writable();
        for path in open.iter().map(AsRef::as_ref).chain(told.iter().copied()) {
            let Ok(opened) = PathFd::new(path) else {
                continue;
            };
            let access = if path.is_dir() {
                writing()
            } else {
                writing() & AccessFs::from_file(VERSION)
            };
            let rule = PathBeneath::new(opened, access);
            ruleset = ruleset.add_rule(rule).map_err(io::Error::other)?;
        }
        Ok(ruleset)
    }
}
