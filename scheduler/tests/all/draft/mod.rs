//! What a draft makes of the facts of a repository and of a planner's choices.

mod choices;
mod clusters;
mod given;
mod laws;
mod plans;
