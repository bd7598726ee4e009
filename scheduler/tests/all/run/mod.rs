//! The machine of a run: tables for each rule, and laws over whole runs in a simulated world.

mod ahead;
mod budgets;
mod carry;
mod commands;
mod commons;
mod denied;
mod footing;
mod given_replan;
mod given_run;
mod gone;
mod ladder;
mod landing;
mod lane;
mod laws;
mod life;
mod planners;
mod prefixes;
mod replan_races;
mod replans;
mod single;
mod stuck;
mod subtrees;
mod tip;
mod unanswered;
mod weak;
mod world;
