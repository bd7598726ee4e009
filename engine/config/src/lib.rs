//! Config knows what disk tells at start: settings layers with provenance, instruction files, plan files.
//!
//! May: read the settings, instruction and plan files of the folders it is given; write one settings file when a user
//! changes a setting.
//! Never: read an environment variable or a home by itself, decide a permission, print.

mod assemble;
mod check;
mod edit;
mod error;
mod instructions;
mod key;
mod layered;
mod load;
mod plan;
mod quantity;
mod read;
mod schema;
mod secret;
mod settings;
mod source;
mod sources;
mod text;
mod write;

pub use edit::Change;
pub use error::{ConfigError, Mismatch, Warning};
pub use instructions::{
    Instruction, InstructionOrigin, Instructions, MAX_INSTRUCTION_BYTES, MAX_INSTRUCTIONS_BYTES,
    Nested, Note, instructions,
};
pub use key::KeyPath;
pub use layered::Entry;
pub use load::{Loaded, check, load};
pub use plan::{Field, PlanFault, PlanFileError, PlanForm, parse_plan, read_plan};
pub use quantity::{DurationError, parse_duration};
pub use read::MAX_SETTINGS_BYTES;
pub use secret::{REDACTED, Secret};
pub use settings::{
    Budgets, ModelSettings, Permissions, PriceSettings, ProviderSettings, Retry, Settings, Wire,
};
pub use source::{Layer, Source, Sourced};
pub use sources::{Enabled, FlagSettings, SettingsFile, Sources};

pub use write::set;
