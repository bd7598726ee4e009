//! A world that plays along by dice: models that reply or fail, tools that touch files, users who cut in, crashes.

use std::collections::{BTreeMap, HashMap, HashSet};

use agent::{Phase, State, decide, wishes};
use protocol::{
    Access, CallId, Effect, Event, FaultKind, Heard, Input, Limits, ModelEvent, ModelFault, Reach,
    RetryHint, StopReason, ToolEvent, ToolResult, Usage,
};

use crate::given::*;
use crate::laws;
use crate::story::{folded, written};

const FILES: [&str; 4] = ["/w/a", "/w/b", "/w/d/c", "/w/d/e"];

/// What the files hold: the call that wrote each last.
pub(crate) type Files = BTreeMap<&'static str, Option<CallId>>;

/// Rolls that run out: then every roll is 0, which always is the calm choice.
struct Dice {
    rolls: std::vec::IntoIter<u16>,
}

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.rolls
            .next()
            .map_or(0, |roll| usize::from(roll) % sides)
    }

    fn is_over(&self) -> bool {
        self.rolls.len() == 0
    }
}

/// An agent and the world around it.
pub(crate) struct World {
    dice: Dice,
    pub state: State,
    /// The same state, folded from what the journal would give back.
    pub replayed: State,
    pub past: Vec<Event>,
    /// The session's first event is never lost.
    opened: usize,
    flights: Vec<(Effect, Files)>,
    /// What has come home in this process: none of it may count twice.
    home: Vec<Input>,
    pub calls: HashMap<CallId, Wanted>,
    pub files: Files,
    /// Writes that took place.
    pub took: HashSet<CallId>,
    next: u32,
}

impl World {
    pub(crate) fn new(rolls: Vec<u16>, opening: Event) -> Self {
        let past = vec![opening];
        Self {
            dice: Dice {
                rolls: rolls.into_iter(),
            },
            state: folded(&past),
            replayed: folded(&past),
            opened: past.len(),
            past,
            flights: Vec::new(),
            home: Vec::new(),
            calls: HashMap::new(),
            files: FILES.iter().map(|&file| (file, None)).collect(),
            took: HashSet::new(),
            next: 0,
        }
    }

    /// Plays until the dice are over and the agent rests.
    pub(crate) fn play(&mut self) {
        while !self.dice.is_over() {
            self.tick();
        }
        for _ in 0..200 {
            if self.flights.is_empty() {
                return;
            }
            self.land(0);
        }
        panic!("the agent never rests: {:?}", self.state.flow);
    }

    fn tick(&mut self) {
        match self.dice.roll(16) {
            0..=9 if !self.flights.is_empty() => {
                let at = self.dice.roll(self.flights.len());
                self.land(at);
            }
            10 => self.try_input(steer("also")),
            11 => self.try_input(interrupt()),
            12 => self.crash(),
            13 => self.repeat(),
            _ => {
                self.next += 1;
                let words = submit((self.next % 100) as u8, "go");
                self.try_input(words);
            }
        }
    }

    /// A command that may be illegal now.
    fn try_input(&mut self, input: Input) {
        let before = self.state.clone();
        match decide(&self.state, input) {
            Ok(events) => self.live(events),
            Err(_) => assert_eq!(before, self.state),
        }
    }

    /// Applies, checks, and starts what is wished for.
    fn live(&mut self, events: Vec<Event>) {
        for event in events {
            laws::before(self, &event);
            self.state.apply(&event);
            self.replayed
                .apply(&written(self.past.len() as u64, &event).event);
            self.past.push(event);
        }
        laws::after(self);
        let wished = wishes(&self.state);
        for (effect, _) in self
            .flights
            .extract_if(.., |(effect, _)| !wished.contains(effect))
        {
            // Cancelled, but its answer was already on its way.
            if let Effect::CallModel { step, .. } = effect {
                self.home.push(says("late").to(step));
            }
        }
        for effect in wished {
            if !self.flights.iter().any(|(flying, _)| *flying == effect) {
                self.flights.push((effect, self.files.clone()));
            }
        }
    }

    /// The wish at `at` is fulfilled and comes home.
    fn land(&mut self, at: usize) {
        let (effect, at_start) = self.flights.remove(at);
        let input = match effect {
            Effect::CallModel {
                step,
                attempt,
                max_tokens,
            } => self.answer(step, attempt, max_tokens),
            Effect::Wait { step, attempt, .. } => waited(step, attempt),
            Effect::RunCall { call } => self.run(call, &at_start),
            Effect::CommitCall { call } => {
                self.commit(call);
                ended_with(number(call), ToolResult::ok("written"))
            }
            Effect::SettleCall { call } if self.took.contains(&call) => {
                ended_with(number(call), ToolResult::ok("written"))
            }
            Effect::SettleCall { call } => not_done(number(call)),
        };
        let events = decide(&self.state, input.clone()).unwrap();
        assert!(
            !events.is_empty(),
            "the answer to a wish counted for nothing: {input:?}"
        );
        self.home.push(input);
        self.live(events);
    }

    fn answer(&mut self, step: u32, attempt: u32, max_tokens: Option<u64>) -> Input {
        let kind = [FaultKind::Overloaded, FaultKind::Unreachable][self.dice.roll(2)];
        match self.dice.roll(12) {
            9 => fails(step, attempt, fault(kind, RetryHint::Backoff)),
            10 => fails(step, attempt, fault(kind, RetryHint::AfterMs(9))),
            11 => fails(step, attempt, self.cut(max_tokens)),
            _ => self.reply(max_tokens).to(step),
        }
    }

    /// A reply that breaks off after it began, and may come whole another time.
    fn cut(&mut self, max_tokens: Option<u64>) -> ModelFault {
        let retry = [RetryHint::Never, RetryHint::Backoff][self.dice.roll(2)];
        let told = self.dice.roll(4);
        let reply = max_tokens.unwrap_or(1_000);
        let prompt = laws::reserved(self).unwrap() - reply;
        let usage = |input, output| Usage {
            input,
            output,
            ..Usage::default()
        };
        let usage = match told {
            0 => Some(usage(prompt, self.dice.roll(1_000) as u64 % reply)),
            1 => Some(usage(self.dice.roll(9_000) as u64, 1)),
            _ => None,
        };
        ModelFault {
            billed: told < 3,
            heard: Some(Heard {
                usage,
                uncounted: self.dice.roll(5_000) as u64,
            }),
            ..fault(FaultKind::Broken, retry)
        }
    }

    fn reply(&mut self, max_tokens: Option<u64>) -> Answer {
        let count = self.dice.roll(5);
        let wanted: Vec<Wanted> = (0..count).map(|_| self.want()).collect();
        let forgotten = self.dice.roll(8) == 7;
        let mut answer = match count {
            0 if self.dice.roll(4) == 3 => blocks(Vec::new()),
            0 => says("done"),
            _ => asks(wanted),
        };
        if forgotten {
            answer.calls.pop();
        }
        answer = match self.dice.roll(8) {
            5 => answer.stop(StopReason::PauseTurn),
            6 => answer.stop(StopReason::MaxTokens),
            7 => answer.stop(StopReason::Refusal),
            _ => answer,
        };
        // What was set aside is what may be used: a provider keeps to the largest reply.
        let output = max_tokens
            .unwrap_or(1_000)
            .min(self.dice.roll(1_000) as u64);
        let prompt = laws::reserved(self).unwrap() - max_tokens.unwrap_or(1_000);
        let dear = |prompt: u64, output: u64| (prompt * 2 + output * 10) as f64 / 1e6;
        match self.dice.roll(8) {
            0 | 1 => answer.used(prompt, output).costs(dear(prompt, output)),
            2 | 3 => answer.used(prompt / 2, output),
            4 => answer.used(0, 0),
            5 => {
                // This one keeps to nothing.
                let (prompt, output) = (self.dice.roll(9_000) as u64, self.dice.roll(9_000) as u64);
                answer.used(prompt, output).costs(dear(prompt, output))
            }
            _ => answer,
        }
    }

    fn want(&mut self) -> Wanted {
        self.next += 1;
        let (n, file) = (self.next, FILES[self.dice.roll(FILES.len())]);
        let wanted = match self.dice.roll(8) {
            0..=2 => read(n, file),
            3 => grep(
                n,
                if file.starts_with("/w/d") {
                    "/w/d"
                } else {
                    "/w"
                },
            ),
            4 | 5 => edit(n, file),
            6 => bash(n),
            _ => broken(n),
        };
        self.calls.insert(call(n), wanted.clone());
        wanted
    }

    fn run(&mut self, call: CallId, at_start: &Files) -> Input {
        let planned = self.calls[&call].planned.clone();
        let n = number(call);
        match (self.dice.roll(6), planned.writes) {
            (4, _) => denied(n),
            (5, _) => ended_with(n, ToolResult::failed("no such file")),
            (_, true) if planned.tool == "bash" => permitted(n, command_intent()),
            (_, true) => permitted(n, file_intent("/w/a")),
            (_, false) => {
                let (first, last) = (
                    seen(at_start, &planned.accesses),
                    seen(&self.files, &planned.accesses),
                );
                assert_eq!(first, last, "a read ran beside a write of what it reads");
                ended_with(n, ToolResult::ok(last))
            }
        }
    }

    fn commit(&mut self, call: CallId) {
        assert!(self.took.insert(call), "a write took place twice");
        write(&mut self.files, call, &self.calls[&call].planned.accesses);
    }

    /// The process dies: some of the newest records may be lost, and a write may just have taken place.
    fn crash(&mut self) {
        let started = self.flights.iter().find_map(|(effect, _)| match effect {
            Effect::CommitCall { call } => Some(*call),
            _ => None,
        });
        match started {
            Some(call) if self.dice.roll(2) == 1 => self.commit(call),
            _ => self.lose(),
        }
        self.flights.clear();
        self.home.clear();
        self.state = folded(&self.past);
        self.replayed = self.state.clone();
        let limits = if self.dice.roll(2) == 0 {
            self.state.flow.limits()
        } else {
            Limits::default()
        };
        let events = decide(&self.state, resume(limits)).unwrap();
        self.live(events);
    }

    /// Loses records no act followed yet: what was acted on is durable.
    fn lose(&mut self) {
        let lost = self.dice.roll(4);
        for _ in 0..lost {
            let acted = match self.past.last() {
                Some(Event::Tool(ToolEvent::Finished { call, .. })) => self.took.contains(call),
                Some(
                    Event::Tool(_) | Event::Model(ModelEvent::Replied { .. }) | Event::Session(_),
                ) => true,
                _ => self.past.len() <= self.opened,
            };
            if acted {
                return;
            }
            self.past.pop();
        }
    }

    /// Something comes home a second time.
    fn repeat(&mut self) {
        if self.home.is_empty() {
            return;
        }
        let at = self.dice.roll(self.home.len());
        let again = decide(&self.state, self.home[at].clone()).unwrap();
        assert_eq!(again, Vec::new(), "{:?} counted twice", self.home[at]);
    }

    pub(crate) fn is_acting(&self) -> bool {
        matches!(
            self.state.flow.phase,
            Phase::Acting | Phase::Stopping { .. }
        )
    }
}

pub(crate) fn number(call: CallId) -> u32 {
    u32::try_from(call.uuid().as_u128() - 0x1000).unwrap()
}

fn reaches(access: &Access, file: &str) -> bool {
    match &access.reach {
        Reach::File(path) => path.as_os_str() == file,
        Reach::Tree(tree) => std::path::Path::new(file).starts_with(tree),
        Reach::Everything => true,
    }
}

/// What a read sees of the files.
pub(crate) fn seen(files: &Files, accesses: &[Access]) -> String {
    let sees = |file: &str| accesses.iter().any(|access| reaches(access, file));
    format!(
        "{:?}",
        files
            .iter()
            .filter(|(file, _)| sees(file))
            .collect::<Vec<_>>()
    )
}

/// What a write leaves in the files.
pub(crate) fn write(files: &mut Files, call: CallId, accesses: &[Access]) {
    for (file, content) in files.iter_mut() {
        if accesses
            .iter()
            .any(|access| access.writes && reaches(access, file))
        {
            *content = Some(call);
        }
    }
}
