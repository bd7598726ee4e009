//! `formic demo`: the main jobs on sample repositories with a scripted model.

use std::io;

use crate::args::doctor::{DemoArgs, DemoName};
use crate::demo;
use crate::failure::{Failure, Kind};

/// Plays a demo.
///
/// # Errors
/// When a step of it did not work, or it did not end as it should.
pub fn run(args: &DemoArgs) -> Result<(), Failure> {
    let data = super::data()?;
    let mut out = io::stdout().lock();
    let played = match args.which {
        DemoName::Swarm => demo::swarm::run(data.root(), &mut out),
        DemoName::Chat => demo::chat::run(data.root(), &mut out),
    };
    match played {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::new(
            Kind::Fault,
            "demo: it did not end as it should; see above",
            "what the checks above say comes first; the demo needs a git and a cargo that run, and `formic doctor` looks closer",
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
