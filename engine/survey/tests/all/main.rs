//! What the survey finds in repositories, by table, and that nothing in them can make it fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod commands;
mod given;
mod go;
mod hostile;
mod python;
mod roles;
mod rust;
mod script;
mod speed;
mod weaken;
