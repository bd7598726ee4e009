//! The `formic` binary: parse, resolve, run.
fn main() {}
