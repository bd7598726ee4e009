//! Benches of the swarm: whole runs against the least they could take, and the git below them by itself.

mod apply;
mod levels;
mod project;

pub use levels::floor;

pub fn measure() {
    levels::measure();
    apply::measure();
}
