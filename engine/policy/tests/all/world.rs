//! A small world to judge in: a tree with links, a home, rules by their text.

use std::path::{Path, PathBuf};

use policy::{Place, RuleProblem, RuleSet, RuleSpec, Situation};
use protocol::{Action, Claim, PermissionMode, RuleEffect, RuleRef, Verdict};

pub const ROOT: &str = "/w/tree";
pub const HOME: &str = "/h/me";

pub const MODES: [PermissionMode; 5] = [
    PermissionMode::Default,
    PermissionMode::AcceptEdits,
    PermissionMode::Plan,
    PermissionMode::DontAsk,
    PermissionMode::BypassPermissions,
];

// One letter a mode, in the order of MODES: `a` allows, `?` asks, `x` denies.
/// Known to only read, or to touch nothing.
pub const FREE: &str = "aaaaa";
/// Nothing known to be safe.
pub const ASK: &str = "??xxa";
/// Changes files in the tree, and nothing else.
pub const EDIT: &str = "?axxa";
/// Reads outside the tree.
pub const OUT: &str = "???xa";
/// Reads keys: asked even where everything else runs.
pub const KEY: &str = "???x?";
/// Forbidden in every mode.
pub const NEVER: &str = "xxxxx";
/// A deny rule may speak of it, and nobody can tell.
pub const RISK: &str = "??xx?";

pub struct World {
    pub place: Place,
    pub rules: RuleSet,
}

pub fn place() -> Place {
    Place {
        root: ROOT.into(),
        added: vec!["/w/extra".into()],
        readable: vec!["/data/spill".into()],
        home: Some(HOME.into()),
        settings_files: vec![
            "/h/me/.config/formic/settings.json".into(),
            "/w/tree/own.json".into(),
        ],
        data: Some("/data".into()),
        confine: None,
    }
}

pub fn origin(effect: RuleEffect) -> RuleRef {
    RuleRef {
        rule: String::new(),
        effect,
        layer: "project".into(),
        file: Some("/w/tree/.formic/settings.json".into()),
        line: Some(7),
    }
}

/// Rules as `deny Read(.env)`, `allow Bash(npm test:*)`.
pub fn specs(lines: &[&str]) -> Vec<RuleSpec> {
    lines
        .iter()
        .map(|line| {
            let (effect, text) = line.split_once(' ').unwrap_or_default();
            let effect = match effect {
                "deny" => RuleEffect::Deny,
                "ask" => RuleEffect::Ask,
                other => {
                    assert_eq!(other, "allow");
                    RuleEffect::Allow
                }
            };
            let origin = origin(effect);
            RuleSpec {
                text: text.into(),
                effect,
                origin,
            }
        })
        .collect()
}

pub fn problems(lines: &[&str]) -> Vec<RuleProblem> {
    RuleSet::compile(specs(lines), &place()).1
}

pub fn world(lines: &[&str]) -> World {
    let place = place();
    let (rules, problems) = RuleSet::compile(specs(lines), &place);
    assert_eq!(problems, []);
    World { place, rules }
}

/// Follows the links of this world: `link` to `.env`, `hooks` into `.git`, `out` to `/etc`,
/// `inner` to `secrets`.
pub fn resolve(path: &Path) -> PathBuf {
    const LINKS: [(&str, &str); 5] = [
        ("/w/tree/link", "/w/tree/.env"),
        ("/w/tree/hooks", "/w/tree/.git/hooks"),
        ("/w/tree/out", "/etc"),
        ("/w/tree/inner", "/w/tree/secrets"),
        ("/proc/self/cwd", "/w/tree"),
    ];
    let mut real = PathBuf::from("/");
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                real.pop();
            }
            std::path::Component::Normal(name) => real.push(name),
            _ => {}
        }
        if let Some((_, target)) = LINKS.iter().find(|(link, _)| real == Path::new(link)) {
            real = target.into();
        }
    }
    real
}

pub fn run(command: &str) -> Claim {
    Claim {
        tool: "bash".into(),
        action: Action::Run {
            command: command.into(),
            cwd: ROOT.into(),
        },
    }
}

pub fn read(asked: &str) -> Claim {
    let asked = Path::new(ROOT).join(asked);
    Claim {
        tool: "read".into(),
        action: Action::Read {
            path: resolve(&asked),
            asked,
        },
    }
}

pub fn search(tool: &str, asked: &str) -> Claim {
    let asked = Path::new(ROOT).join(asked);
    Claim {
        tool: tool.into(),
        action: Action::Search {
            root: resolve(&asked),
            asked,
        },
    }
}

pub fn write(asked: &str) -> Claim {
    let asked = Path::new(ROOT).join(asked);
    Claim {
        tool: "write".into(),
        action: Action::Write {
            path: resolve(&asked),
            asked,
        },
    }
}

impl World {
    pub fn situation(&self, mode: PermissionMode) -> Situation<'_> {
        Situation {
            mode,
            rules: &self.rules,
            place: &self.place,
            resolve: &resolve,
        }
    }

    pub fn judge(&self, claim: &Claim, mode: PermissionMode) -> Verdict {
        policy::judge(claim, &self.situation(mode))
    }

    /// The verdicts in every mode, one letter each.
    pub fn letters(&self, claim: &Claim) -> String {
        MODES
            .iter()
            .map(|mode| letter(&self.judge(claim, *mode)))
            .collect()
    }

    /// Checks a table of commands; reports every row that fails.
    pub fn check(&self, rows: &[(&str, &str)]) {
        let rows: Vec<_> = rows
            .iter()
            .map(|(command, want)| (run(command), *want))
            .collect();
        self.check_claims(&rows);
    }

    pub fn check_claims(&self, rows: &[(Claim, &str)]) {
        let mut wrong = Vec::new();
        for (claim, want) in rows {
            let got = self.letters(claim);
            if got != *want {
                let why = self.judge(claim, PermissionMode::Default);
                wrong.push(format!(
                    "{:?}\n  want {want} got {got}: {}",
                    claim.action,
                    why.reason().text
                ));
            }
        }
        assert!(
            wrong.is_empty(),
            "{} rows:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
}

pub fn letter(verdict: &Verdict) -> char {
    match verdict {
        Verdict::Allow(_) => 'a',
        Verdict::Ask(_) => '?',
        Verdict::Deny(_) => 'x',
    }
}
