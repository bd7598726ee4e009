//! The ground every command stands on: environment, folders, and the settings that hold there.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use config::{Enabled, FlagSettings, Loaded, Sources};
use serde_json::Value;

use super::environment::Environment;
use super::place::{Folders, Place};
use crate::args::PlaceArgs;
use crate::failure::Failure;

/// Where an administrator's policy lies.
const MANAGED: &str = if cfg!(target_os = "macos") {
    "/Library/Application Support/formic/managed-settings.json"
} else {
    "/etc/formic/managed-settings.json"
};

/// Environment, folders and settings, read once.
#[derive(Debug, Clone)]
pub struct Ground {
    /// Everything but the settings.
    pub site: Site,
    /// The settings.
    pub loaded: Loaded,
}

/// Everything but the settings themselves, which may be broken.
#[derive(Debug, Clone)]
pub struct Site {
    /// The process's environment.
    pub environment: Environment,
    /// Where it works.
    pub place: Place,
    /// formic's folders.
    pub folders: Folders,
    /// Where settings are looked for.
    pub sources: Sources,
}

impl Site {
    /// Finds folders and settings files. `flags` are single flags as a settings object.
    ///
    /// # Errors
    /// When a folder is not there or a flag is wrong.
    pub fn find(args: &PlaceArgs, flags: Option<Value>) -> Result<Self, Failure> {
        let environment = Environment::read();
        let place = Place::find(&environment, args.cwd.as_deref())?;
        let folders = Folders::find(&environment)?;
        let enabled = match &args.setting_sources {
            Some(list) => {
                Enabled::parse(list).map_err(|error| Failure::usage(&error, error.hint()))?
            }
            None => Enabled::ALL,
        };
        let settings_flag = args.settings.as_deref().map(FlagSettings::from_argument);
        let sources = Sources {
            user_dir: folders.config.clone(),
            claude_user_dir: folders.claude.clone(),
            home: environment.home().map(Path::to_owned),
            project_root: place.root.clone(),
            cwd: place.cwd.clone(),
            managed: Some(PathBuf::from(MANAGED)),
            settings_flag: settings_flag.map(|given| absolute(&environment, given)),
            flags,
            enabled,
        };
        Ok(Self {
            environment,
            place,
            folders,
            sources,
        })
    }
}

impl Ground {
    /// Finds folders and reads the settings.
    ///
    /// # Errors
    /// When a folder is not there, a flag is wrong, or a settings file is broken.
    pub fn survey(args: &PlaceArgs, flags: Option<Value>) -> Result<Self, Failure> {
        let site = Site::find(args, flags)?;
        let loaded = config::load(&site.sources)?;
        Ok(Self { site, loaded })
    }

    /// A variable of the environment, else of the settings' `env`.
    pub fn variable(&self, name: &str) -> Option<Variable<'_>> {
        let own = self.environment.get(name).map(|value| Variable {
            value,
            source: None,
        });
        own.or_else(|| {
            let set = self.loaded.settings.env.get(name)?;
            Some(Variable {
                value: Some(set.value.reveal().trim()).filter(|value| !value.is_empty())?,
                source: Some(&set.source),
            })
        })
    }
}

/// Whatever is known without settings is known with them.
impl Deref for Ground {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

/// A variable's value and, if settings gave it, where.
#[derive(Clone, Copy)]
pub struct Variable<'a> {
    /// The value, not empty.
    pub value: &'a str,
    /// The settings file; none for the process's own environment.
    pub source: Option<&'a config::Source>,
}

/// A file named on the command line is looked for where the command was typed, not below `--cwd`.
fn absolute(environment: &Environment, given: FlagSettings) -> FlagSettings {
    match given {
        FlagSettings::File(path) => FlagSettings::File(environment.absolute(&path)),
        text @ FlagSettings::Text(_) => text,
    }
}
