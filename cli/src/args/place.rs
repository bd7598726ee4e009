//! Flags that say where formic works and which settings hold there.

use std::path::PathBuf;

use clap::Args;

/// Where formic works.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Place and settings")]
pub struct PlaceArgs {
    /// The folder to work in
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<PathBuf>,
    /// Settings above those of files: a file, or JSON
    #[arg(long, value_name = "FILE|JSON")]
    pub settings: Option<String>,
    /// Which settings files are read: user, project, local
    #[arg(long, value_name = "LIST")]
    pub setting_sources: Option<String>,
}
