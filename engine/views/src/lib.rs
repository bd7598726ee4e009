//! Views fold records into what people and programs read: transcript, ledger, summary, denials, timeline, swarm, files.
//!
//! May: compute, keep what it needs between records, serialise what is printed.
//! Never: read disk, net or clock; decide anything; change what a record says.
//!
//! Law: a view is a fold. `fold(a ++ b)` equals applying `b` to `fold(a)`, so a view may be kept and fed live,
//! or built anew from the journal, and nobody can tell which.

mod calls;
mod denials;
mod files;
mod last_turn;
mod ledger;
mod lineage;
mod summary;
mod swarm;
mod timeline;
mod transcript;

use protocol::Record;

pub use denials::{Denial, Denials};
pub use files::{FileTouch, FilesTouched};
pub use last_turn::{LastTurn, TurnStanding};
pub use ledger::{Ledger, Tally};
pub use lineage::Lineage;
pub use summary::{State, Summary, Writes};
pub use swarm::{
    AttemptStory, Batch, BudgetLine, CheckLine, Doing, Lack, NoModel, NodeLine, NodeState, NodeUse,
    Phase, PlanChange, RunStatus, Stories, Story, Swarm, SwarmNode, SwarmReport, Target, Times,
    TokenCount, Totals,
};
pub use timeline::{ModelSpan, Span, Timeline, ToolSpan};
pub use transcript::{CallLine, Item, Transcript, TurnLines, about};

/// A read model: what one reader wants to know, folded from records.
pub trait View: Default {
    /// Takes one more record in. Records come in the order of the journal.
    fn apply(&mut self, record: &Record);

    /// The view of `records`.
    fn fold<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut view = Self::default();
        records.into_iter().for_each(|record| view.apply(record));
        view
    }
}
