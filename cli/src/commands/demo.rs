//! `formic demo`: the main job on a sample repository with a scripted model.

use std::io;

use crate::demo;
use crate::failure::{Failure, Kind};

/// Plays the demo.
///
/// # Errors
/// When a step of it did not work, or the sample's tests do not pass in the end.
pub fn run() -> Result<(), Failure> {
    let data = super::data()?;
    match demo::print(data.root()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::new(
            Kind::Fault,
            "demo: the sample's tests do not pass in the end",
            "the demo needs git and cargo on PATH; `formic doctor` looks closer",
        )),
        Err(error) if is_closed(&error) => Err(Failure::pipe()),
        Err(error) => Err(Failure::new(
            Kind::Fault,
            format_args!("demo: could not {error:#}"),
            "the demo needs git and cargo on PATH; `formic doctor` looks closer",
        )),
    }
}

fn is_closed(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
