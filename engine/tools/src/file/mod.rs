//! Files as tools see them: what kind they are, what they hold, how one is replaced in one step.

pub(crate) mod atomic;
pub(crate) mod change;
pub(crate) mod diff;
pub(crate) mod kind;
pub(crate) mod lookalike;
pub(crate) mod nearest;
pub(crate) mod pager;
pub(crate) mod splice;
pub(crate) mod steps;
pub(crate) mod whole;
