//! The workspace holds working trees: path confinement and the state of the repository.
