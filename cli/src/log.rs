//! The debug log on stderr, only for those who ask: `--debug` or `FORMIC_LOG`.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// What `--debug` without a filter shows.
const FILTER: &str = "debug";

/// Starts the log if a flag or `FORMIC_LOG` asks for it.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(flag: Option<Option<&str>>, variable: Option<&str>) -> Result<(), Failure> {
    let (by, filter) = match (flag, variable) {
        (Some(filter), _) => ("--debug", filter.unwrap_or(FILTER)),
        (None, Some(filter)) => ("FORMIC_LOG", filter),
        (None, None) => return Ok(()),
    };
    let filter = EnvFilter::builder().parse(filter).map_err(|error| {
        Failure::usage(
            format_args!("{by}: {filter:?} is not a filter: {error}"),
            "write a level or MODULE=LEVEL, for example --debug=actors=trace",
        )
    })?;
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    tracing_subscriber::fmt()
        .with_ansi(std::io::stderr().is_terminal() && !no_color)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    Ok(())
}
