//! Processes as tools run them: their output gathered, their families ended, their traces kept for a crash.

pub(crate) mod ansi;
pub(crate) mod family;
pub(crate) mod follow;
pub(crate) mod gather;
pub(crate) mod launch;
pub(crate) mod live;
pub(crate) mod mask;
pub(crate) mod output;
pub(crate) mod program;
pub(crate) mod running;
pub(crate) mod table;
pub(crate) mod wall;
