//! Events with the fields that came later: without them they are written as before.

use protocol::{
    Charge, CheckRun, Cost, Event, Heard, Inspection, Limit, LongPrompt, ModelEvent, NodeId,
    PlanEvent, Price, Room, SessionEvent, Text, TurnEvent, Usage, WorkspaceEvent,
};

use crate::examples::{of_model, of_session, uuid};
use crate::swarm_examples::run;

/// One event of each that has grown.
pub(crate) fn grown(text: &Text) -> Vec<Event> {
    let mut opened = of_session(text).swap_remove(0);
    if let Event::Session(SessionEvent::Opened(opening)) = &mut opened {
        opening.tool_bytes = 9;
        opening.traits.price = opening.traits.price.map(|price| Price {
            long: Some(LongPrompt {
                above: 1,
                prompt: 2.0,
                reply: 1.5,
            }),
            ..price
        });
    }
    let mut replied = of_model(text).swap_remove(1);
    if let ModelEvent::Replied { charge, answer, .. } = &mut replied {
        *answer = Some("7".into());
        *charge = Some(Charge {
            usage: None,
            ..charged()
        });
    }
    let warned = TurnEvent::Warned { text: text.clone() };
    let mut events = vec![opened, Event::Model(replied), Event::Turn(warned), looked()];
    events.extend(broke(text).map(Event::Model));
    let (step, charge) = (1, charged());
    events.push(Event::Model(ModelEvent::Lost { step, charge }));
    events.push(blind(text));
    events.push(denied(text));
    events
}

fn charged() -> Charge {
    Charge {
        tokens: 7,
        cost: Some(Cost(8)),
        is_estimate: true,
        over: 9,
        usage: Some(used()),
    }
}

fn used() -> Usage {
    Usage {
        input: 1,
        output: 2,
        cache_read: 3,
        cache_write: 1,
    }
}

/// Attempts that broke off after they began.
fn broke(text: &Text) -> [ModelEvent; 2] {
    let mut events = of_model(text);
    let (mut failed, mut retried) = (events.swap_remove(3), events.swap_remove(2));
    let before = Heard {
        usage: Some(used()),
        uncounted: 5,
    };
    if let ModelEvent::Retried {
        fault,
        charge,
        room,
        ..
    } = &mut retried
    {
        (fault.billed, fault.heard, *charge) = (true, Some(before), Some(charged()));
        *room = Some(Room {
            reserved: 6,
            max_tokens: Some(3),
        });
    }
    if let ModelEvent::Failed { charge, limit, .. } = &mut failed {
        (*charge, *limit) = (Some(charged()), Some(Limit::Tokens));
    }
    [retried, failed]
}

fn blind(text: &Text) -> Event {
    let Event::Workspace(WorkspaceEvent::Inspected { node, found, .. }) = looked() else {
        unreachable!("it is an inspection");
    };
    let found = Inspection {
        fault: Some(text.clone()),
        may_pass: true,
        ..found
    };
    let attempt = 1;
    Event::Workspace(WorkspaceEvent::Inspected {
        node,
        attempt,
        found,
    })
}

fn denied(text: &Text) -> Event {
    let run = CheckRun {
        exit: None,
        denied: Some(text.clone()),
        ..run(text)
    };
    Event::Plan(PlanEvent::Checked { runs: vec![run] })
}

fn looked() -> Event {
    let found = Inspection {
        tree: None,
        changed: Vec::new(),
        strays: Vec::new(),
        markers: Vec::new(),
        weakened: vec!["a.rs: adds is gone".into()],
        check: None,
        fault: None,
        may_pass: false,
    };
    Event::Workspace(WorkspaceEvent::Inspected {
        node: NodeId::new(uuid(1)),
        attempt: 1,
        found,
    })
}
