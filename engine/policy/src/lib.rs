//! Policy judges: whether a claim may be acted on, and which rule says so.
//!
//! May: read rules, take shell commands apart, weigh a claim against mode, rules and protections.
//! Never: touch the disk (a resolver is passed in), ask anybody, remember an answer, run anything.

mod access;
mod command;
mod confine;
mod explain;
mod file;
mod judge;
mod named;
mod place;
mod protection;
mod rule;
mod shell;
mod tool_name;

pub use access::{accesses, may_read};
pub use confine::{Confine, Trespass, Whose, trespass};
pub use explain::{Explanation, explain};
pub use judge::judge;
pub use place::{Place, Situation};
pub use rule::{RuleProblem, RuleSet, RuleSpec};
