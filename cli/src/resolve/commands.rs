//! What the commands of tools are given: variables from settings, and the caches a swarm's nodes share.

use std::path::{Path, PathBuf};

use actors::{CommandOptions, Secrets};

use super::environment::Environment;
use super::ground::Ground;
use super::secrets::is_ours;

/// Caches of build tools and package managers: the variable that moves one, where it lies below home otherwise, and
/// which parts of it are cache. Programs they install and settings that run something are no cache.
const CACHES: [(&str, &str, &[&str]); 12] = [
    (
        "CARGO_HOME",
        ".cargo",
        &[
            "registry",
            "git",
            ".package-cache",
            ".package-cache-mutate",
            ".global-cache",
        ],
    ),
    ("XDG_CACHE_HOME", ".cache", &[""]),
    ("GOPATH", "go", &["pkg"]),
    ("GOCACHE", ".cache/go-build", &[""]),
    ("npm_config_cache", ".npm", &[""]),
    ("PNPM_HOME", ".local/share/pnpm", &["store"]),
    ("BUN_INSTALL", ".bun", &["install/cache"]),
    ("GRADLE_USER_HOME", ".gradle", &["caches", "wrapper/dists"]),
    ("", ".m2/repository", &[""]),
    ("NUGET_PACKAGES", ".nuget/packages", &[""]),
    ("SCCACHE_DIR", ".cache/sccache", &[""]),
    ("CCACHE_DIR", ".ccache", &[""]),
];

/// Variables and caches. What a project's own settings say is not passed on, and no key.
pub fn given(ground: &Ground, secrets: &Secrets) -> CommandOptions {
    let is_key = |name: &str| {
        let known = secrets.values.iter().any(|(known, _)| known == name);
        known || is_ours(name) || secrets.scrubbed.iter().any(|one| one == name)
    };
    let set = ground.loaded.settings.env.iter();
    let own = set.filter(|(name, set)| !set.source.layer.comes_with_project() && !is_key(name));
    CommandOptions {
        env: own
            .map(|(name, set)| (name.clone(), set.value.reveal().to_owned()))
            .collect(),
        caches: caches(&ground.environment),
    }
}

fn caches(environment: &Environment) -> Vec<PathBuf> {
    let mut caches = Vec::new();
    for (variable, usual, parts) in CACHES {
        let moved = environment.path(variable);
        let home = environment.home();
        let Some(folder) = moved.or_else(|| home.map(|home| home.join(usual))) else {
            continue;
        };
        caches.extend(parts.iter().map(|part| part_of(&folder, part)));
    }
    caches
}

fn part_of(folder: &Path, part: &str) -> PathBuf {
    if part.is_empty() {
        return folder.to_owned();
    }
    folder.join(part)
}
