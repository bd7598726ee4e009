//! The one place that chooses the async runtime, made only for commands that wait for something.

use std::future::Future;

use crate::failure::{Failure, Kind};

/// Threads that run tasks: models, tools and signals wait, they hardly compute.
const WORKERS: usize = 2;

/// Runs a future to its end. Threads that still read stdin are not waited for.
///
/// # Errors
/// What the future returns, or that the runtime could not start.
pub fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Failure::new(
            Kind::Fault,
            format_args!("runtime: cannot be started: {error}"),
            "check the process's limits (ulimit -a)",
        )
    })?;
    let ended = runtime.block_on(future);
    runtime.shutdown_background();
    ended
}
