//! The small world of a node of a swarm: its tree, its neighbours, links that lead out, and rules that allow all.

use std::path::{Component, Path, PathBuf};

use policy::{Confine, Place, RuleSet, Situation, Whose};
use protocol::{Action, Claim, PermissionMode, Verdict};

use crate::world::{MODES, letter, specs};

pub const ROOT: &str = "/data/trees/n1";

pub fn confine() -> Confine {
    let globs = ["src/auth/**", "Cargo.toml", "docs/*.md", "gen/"].map(str::to_owned);
    Confine::new(&globs)
        .unwrap_or_default()
        .without("/user/checkout".into(), Whose::Checkout)
        .without("/data/trees/n2".into(), Whose::Sibling)
        .without("/data".into(), Whose::Data)
        .with_scratch("/data/tmp/n1".into())
        .allowing("cd crates/x && ./accept.sh > result")
}

pub fn place() -> Place {
    Place {
        root: ROOT.into(),
        added: Vec::new(),
        readable: vec!["/data/spill".into()],
        home: Some("/h/me".into()),
        settings_files: Vec::new(),
        data: Some("/data".into()),
        confine: Some(confine()),
    }
}

/// `out` leads to the checkout, `side` to a sibling, `etc` to `/etc`, `src/auth/link` to a file out of scope, and
/// `/proc/self/cwd` to where formic was started.
pub fn resolve(path: &Path) -> PathBuf {
    const LINKS: [(&str, &str); 6] = [
        ("/data/trees/n1/out", "/user/checkout"),
        ("/data/trees/n1/side", "/data/trees/n2"),
        ("/data/trees/n1/etc", "/etc"),
        (
            "/data/trees/n1/src/auth/link",
            "/data/trees/n1/src/other.rs",
        ),
        ("/proc/self/cwd", "/user/checkout"),
        ("/proc/self/root", "/"),
    ];
    let mut real = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::ParentDir => {
                real.pop();
            }
            Component::Normal(name) => real.push(name),
            _ => {}
        }
        if let Some((_, target)) = LINKS.iter().find(|(link, _)| real == Path::new(link)) {
            real = target.into();
        }
    }
    real
}

/// Rules that allow everything there is.
pub const ALLOWED: [&str; 4] = ["allow Bash", "allow Edit", "allow Read", "allow Edit(//**)"];

pub fn judge(claim: &Claim, mode: PermissionMode, rules: &[&str]) -> Verdict {
    let place = place();
    let (rules, problems) = RuleSet::compile(specs(rules), &place);
    assert_eq!(problems, []);
    let situation = Situation {
        mode,
        rules: &rules,
        place: &place,
        resolve: &resolve,
    };
    let verdict = policy::judge(claim, &situation);
    if policy::trespass(claim, &situation).is_some() && !is_allowed(claim) {
        assert_eq!(
            letter(&verdict),
            'x',
            "{claim:?}: {}",
            verdict.reason().text
        );
    }
    verdict
}

pub fn is_allowed(claim: &Claim) -> bool {
    matches!(&claim.action, Action::Run { command, .. } if command.trim().starts_with("cd crates/x"))
}

pub fn claim(tool: &str, asked: &str) -> Claim {
    let asked = Path::new(ROOT).join(asked);
    let path = resolve(&asked);
    let action = match tool {
        "read" => Action::Read { path, asked },
        "grep" => Action::Search { root: path, asked },
        "bash" => unreachable!("commands have no path"),
        _ => Action::Write { path, asked },
    };
    Claim {
        tool: tool.into(),
        action,
    }
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

/// What each claim is refused for, in every mode and with every rule; `-` where it is not.
pub fn check(rows: &[(Claim, &str)]) {
    let mut wrong = Vec::new();
    for (claim, want) in rows {
        let verdict = judge(claim, PermissionMode::BypassPermissions, &ALLOWED);
        let text = verdict.reason().text.clone();
        let got = match verdict {
            Verdict::Deny(_) => kind(&text),
            _ => "-",
        };
        if got != *want {
            wrong.push(format!(
                "{:?}\n  want {want} got {got}: {text}",
                claim.action
            ));
        }
        if *want == "-" {
            continue;
        }
        for mode in MODES {
            for rules in [&[][..], &ALLOWED] {
                if letter(&judge(claim, mode, rules)) != 'x' {
                    wrong.push(format!("{:?} in {mode} with {rules:?}", claim.action));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The first word that tells refusals apart.
pub fn kind(text: &str) -> &'static str {
    let all = [
        ("outside this node's scope", "scope"),
        ("lies in the user's checkout", "checkout"),
        ("lies in another node's tree", "sibling"),
        ("lies in formic's own data", "data"),
        ("is not below /data/trees/n1", "outside"),
        ("has others run commands", "escape"),
        ("outside this node's tree: ", "git"),
    ];
    let found = all.iter().find(|(part, _)| text.contains(part));
    found.map_or("other", |(_, kind)| kind)
}

pub fn files(tool: &str, rows: &[(&str, &'static str)]) {
    let rows: Vec<_> = rows.iter().map(|row| (claim(tool, row.0), row.1)).collect();
    check(&rows);
}

pub fn commands(rows: &[(&str, &'static str)]) {
    let rows: Vec<_> = rows.iter().map(|row| (run(row.0), row.1)).collect();
    check(&rows);
}
