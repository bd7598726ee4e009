//! Plans: what a planner or a person wrote made sound, or every reason why it is not; and what it would cost.

mod check;
mod derive;
mod duration;
mod forecast;
mod normal;
mod patch;
mod problem;
mod reach;
mod remark;
mod title;

pub(crate) use check::{MAX_REPLANS, NO_SECRETS, SECRETS};
pub use forecast::{Forecast, Prices, forecast};
pub use normal::{Defaults, DerivedEdge, Ground, Normal, node_id, normalise};
pub use patch::revalidate;
pub use problem::{Code, DocumentCode, GraphCode, LimitCode, Problem, ScopeCode};
pub use remark::better_alone;
pub use title::has_title_of_brief;
pub(crate) use title::of as title_of;
