//! The one place that chooses the async runtime, made only for commands that wait for something.

use std::future::Future;
use std::pin::Pin;

use tokio::runtime::Runtime;

use crate::failure::{Failure, Kind};

/// One thread runs every task: models, tools and signals wait and hardly compute, and a process that starts no further
/// threads starts sooner. Files and commands are waited for on the runtime's own pool, which grows when needed.
///
/// # Errors
/// The system refuses what a runtime needs.
pub fn new() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Runs a future to its end on `runtime`. Behind a pointer the runtime's own code is made once for each kind of answer:
/// made for each future it would hold that future's code several times, and a command's future is most of the command.
pub fn drive<T>(runtime: &Runtime, future: impl Future<Output = T>) -> T {
    let future: Pin<Box<dyn Future<Output = T> + '_>> = Box::pin(future);
    runtime.block_on(future)
}

/// Runs a future to its end. Threads that still read stdin are not waited for.
///
/// # Errors
/// What the future returns, or that the runtime could not start.
pub fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = new().map_err(|error| {
        Failure::new(
            Kind::Fault,
            format_args!("runtime: cannot be started: {error}"),
            "check the process's limits (ulimit -a)",
        )
    })?;
    let ended = drive(&runtime, future);
    runtime.shutdown_background();
    ended
}
