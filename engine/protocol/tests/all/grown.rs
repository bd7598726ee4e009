//! Events with the fields that came later: without them they are written as before.

use protocol::{
    Charge, Cost, Event, Inspection, LongPrompt, ModelEvent, NodeId, Price, SessionEvent, Text,
    TurnEvent, WorkspaceEvent,
};

use crate::examples::{of_model, of_session, uuid};

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
            tokens: 7,
            cost: Some(Cost(8)),
            is_estimate: true,
            over: 9,
        });
    }
    let warned = TurnEvent::Warned { text: text.clone() };
    vec![opened, Event::Model(replied), Event::Turn(warned), looked()]
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
    };
    Event::Workspace(WorkspaceEvent::Inspected {
        node: NodeId::new(uuid(1)),
        attempt: 1,
        found,
    })
}
