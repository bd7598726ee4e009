//! `formic completions`: a completion script for a shell.

use crate::args;
use crate::args::doctor::CompletionsArgs;
use crate::failure::Failure;
use crate::output;

/// Prints the script.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "formic", &mut script);
    output::line(String::from_utf8_lossy(&script).trim_end())
}
