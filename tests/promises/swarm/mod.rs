//! Promises about a run of many agents: nothing lands twice, nothing is lost, no lie closes a node.

mod builds;
mod conflicts;
// Only builds with debug assertions can be told where to crash.
#[cfg(debug_assertions)]
mod crashes;
mod doubt;
mod gates;
mod inputs;
mod lies;
mod questions;
mod rates;
mod shared;
