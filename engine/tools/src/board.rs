//! What tools may ask of the board of a run; the carrier answers it from the store.

use protocol::BoardEntry;

/// The board, to be read.
pub trait Board: Send + Sync {
    /// The entries that have to do with `query`, best first, at most `most`. May block.
    ///
    /// # Errors
    /// A sentence for the model.
    fn search(&self, query: &str, most: usize) -> Result<Vec<BoardEntry>, String>;
}
