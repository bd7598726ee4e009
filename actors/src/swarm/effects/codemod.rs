//! Runs the command that is a codemod's brief, in the place of an agent.

use std::sync::Arc;
use std::time::Duration;

use protocol::FailureClass;
use scheduler::run::{DEFAULT_WALL_MS, RunOutcome, barred, exited};
use tokio_util::sync::CancellationToken;
use tools::Ran;

use super::attempt::Order;
use super::command::{self, Came};
use crate::swarm::house::House;
use crate::swarm::outfit;
use crate::swarm::site::Site;

/// Runs it to its end; `None` if it was cancelled.
///
/// # Errors
/// It could not be started.
pub(super) async fn run(
    site: &Arc<Site>,
    order: &Order,
    (house, cancel): (&Arc<House>, &CancellationToken),
) -> Result<Option<RunOutcome>, String> {
    let law = outfit::law(site, &order.node, (house, None));
    let law = law.map_err(|error| format!("could not {error}"))?;
    let brief = order.node.brief.as_ref();
    let text = brief
        .map(|brief| brief.as_str().into_owned())
        .unwrap_or_default();
    let wall = order.attempt.allotted.wall_ms.unwrap_or(DEFAULT_WALL_MS);
    let command = command::Order {
        site,
        law: &law,
        root: &house.root,
        cancel,
    };
    house.stir().await;
    let came = command.run(&text, Duration::from_millis(wall)).await;
    let came = came.map_err(|text| format!("could not {text}"))?;
    Ok((!cancel.is_cancelled()).then(|| outcome(site, order, (&text, came))))
}

fn outcome(site: &Site, order: &Order, (text, came): (&str, Came)) -> RunOutcome {
    let clean = |said: &str| site.redactor.clean(said).into_owned();
    let check = |evidence| order.failed(FailureClass::Check, evidence);
    match came {
        Came::Denied(why) => check(barred(text, &clean(&why))),
        Came::Ran(Ran { exit: Some(0), .. }) => RunOutcome::Worked {
            node: order.node.id,
            attempt: order.attempt.number,
            failure: None,
        },
        Came::Ran(Ran {
            exit: Some(code),
            log,
            ..
        }) => check(exited(text, Some(code), &clean(&log))),
        Came::Ran(Ran { is_late, log, .. }) => {
            let class = match is_late {
                true => FailureClass::Deadline,
                false => FailureClass::Check,
            };
            order.failed(class, exited(text, None, &clean(&log)))
        }
    }
}
