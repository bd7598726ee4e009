//! Permission: the mode and the rules of all layers, each with the place it came from.

use std::path::PathBuf;

use actors::RuleSpec;
use config::{Source, Sourced};
use protocol::{PermissionMode, RuleEffect, RuleRef};

use super::ground::Ground;
use super::place;
use crate::args::PermissionArgs;
use crate::failure::Failure;

/// The mode that holds.
///
/// # Errors
/// When `bypassPermissions` is asked for and forbidden.
pub fn mode(ground: &Ground) -> Result<PermissionMode, Failure> {
    let permissions = &ground.loaded.settings.permissions;
    let Some(set) = &permissions.default_mode else {
        return Ok(PermissionMode::Default);
    };
    if set.value == PermissionMode::BypassPermissions {
        may_bypass(&set.source, permissions.bypass_disabled_by.as_ref())?;
    }
    Ok(set.value)
}

/// Whoever cloned a repository has not agreed to what its files let run.
fn may_bypass(asked: &Source, forbidden: Option<&Source>) -> Result<(), Failure> {
    if let Some(by) = forbidden {
        return Err(Failure::settings(
            format_args!("permission mode bypassPermissions: forbidden by {by}"),
            "choose another --permission-mode, and allow what is needed with --allowedTools",
        ));
    }
    if asked.layer.comes_with_project() {
        return Err(Failure::settings(
            format_args!(
                "{asked}: permissions.defaultMode: a project's file cannot choose bypassPermissions"
            ),
            "pass --permission-mode bypassPermissions yourself, or set it in your user settings",
        ));
    }
    Ok(())
}

/// The rules of every layer.
pub fn rules(ground: &Ground) -> Vec<RuleSpec> {
    let permissions = &ground.loaded.settings.permissions;
    let lists = [
        (&permissions.deny, RuleEffect::Deny),
        (&permissions.ask, RuleEffect::Ask),
        (&permissions.allow, RuleEffect::Allow),
    ];
    let specs = lists
        .into_iter()
        .flat_map(|(rules, effect)| rules.iter().map(move |rule| spec(rule, effect)));
    specs.collect()
}

fn spec(rule: &Sourced<String>, effect: RuleEffect) -> RuleSpec {
    RuleSpec {
        text: rule.value.clone(),
        effect,
        origin: RuleRef {
            rule: rule.value.clone(),
            effect,
            layer: rule.source.layer.name().to_owned(),
            file: rule.source.file.clone(),
            line: rule.source.line,
        },
    }
}

/// Settings files that grant rights: no agent writes them.
pub fn protected(ground: &Ground) -> Vec<PathBuf> {
    let files = ground.sources.files().into_iter();
    files.map(|file| file.path).collect()
}

/// Further folders: those of flags must exist, those of settings may be on another machine and are passed over.
///
/// # Errors
/// When a folder of `--add-dir` is not one.
pub fn added(ground: &Ground, args: &PermissionArgs) -> Result<Vec<PathBuf>, Failure> {
    let mut folders = Vec::new();
    for asked in &args.add_dir {
        folders.push(place::folder(&ground.environment, "--add-dir", asked)?);
    }
    for set in &ground.loaded.settings.permissions.additional_directories {
        folders.extend(from_settings(ground, set));
    }
    Ok(folders)
}

fn from_settings(ground: &Ground, set: &Sourced<String>) -> Option<PathBuf> {
    let path = match set.value.strip_prefix("~/") {
        Some(below) => ground.environment.home()?.join(below),
        None => ground.place.root.join(&set.value),
    };
    std::fs::canonicalize(path)
        .ok()
        .filter(|path| path.is_dir())
}
