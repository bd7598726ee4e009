//! Settles a file write that was under way when a former process died: did it happen?

use protocol::{CallId, Intent, Outcome, Timestamp, ToolResult, ToolStatus};
use tools::Settled;

use super::Answer;

/// Compares the file with what was intended.
pub(crate) fn settle(
    core: &agent::State,
    call: CallId,
) -> impl Future<Output = Answer> + Send + 'static {
    let intent = core.flow.slot(call).and_then(|slot| match &slot.state {
        agent::SlotState::InDoubt(intent) => Some(intent.clone()),
        agent::SlotState::Open | agent::SlotState::Started(_) | agent::SlotState::Done(_) => None,
    });
    async move {
        let Some(intent) = intent else {
            return (None, None);
        };
        let compare = intent.clone();
        let settled = tokio::task::spawn_blocking(move || tools::settle(&compare)).await;
        (
            Some(verdict(call, &intent, settled.unwrap_or(Settled::Other))),
            None,
        )
    }
}

fn verdict(call: CallId, intent: &Intent, settled: Settled) -> Outcome {
    let span = (Timestamp::default(), Timestamp::default());
    let finished = |result: ToolResult| Outcome::Finished {
        call,
        result: Box::new(result),
        span,
    };
    match (settled, intent) {
        (Settled::Before, _) => Outcome::NotDone { call },
        (Settled::After, Intent::File { done, .. }) => finished((**done).clone()),
        (Settled::After | Settled::Other, _) => finished(ToolResult::with_status(
            ToolStatus::InDoubt,
            "in doubt: this write had started when formic's process ended, and the file now holds \
             neither the old nor the intended content. It was left as it is; read it before you go on.",
        )),
    }
}
