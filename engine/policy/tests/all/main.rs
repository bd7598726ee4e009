//! Policy, judged from outside: tables of claims with the verdict each must get in every mode.

mod access;
mod compounds;
mod confine;
mod confine_commands;
mod confine_hostile;
mod expansions;
mod explain;
mod files;
mod git;
mod hidden;
mod laws;
mod node;
mod protections;
mod reads;
mod redirections;
mod rules;
mod world;
mod wrappers;
