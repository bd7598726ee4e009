//! Promises: what formic says of itself, each kept by the real program or seen to be broken.

// Only builds with debug assertions can be told where to crash.
#[cfg(debug_assertions)]
mod crashes;
mod denials;
mod hostile;
// Only there a table of processes can be read.
#[cfg(target_os = "linux")]
mod orphans;
mod overlap;
mod prefix;
mod secrets;
mod swarm;
mod walls;
