//! Walls: whatever a command does and however it goes about it, nothing changes outside what it may write.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use protocol::{Fact, ToolResult};
use serde_json::json;
use tools::{Walls, walls_hold};

use crate::rig::{Rig, failed, ok, text};

/// A tree behind walls, with the user's checkout and another node's tree beside it; `None` where the kernel holds none.
struct Node {
    rig: Rig,
    top: PathBuf,
}

impl Node {
    fn new() -> Option<Self> {
        if !walls_hold() {
            return None;
        }
        let mut rig = Rig::new();
        let top = rig.root.parent().unwrap().to_owned();
        for folder in ["checkout", "sibling"] {
            fs::create_dir_all(top.join(folder).join("src")).unwrap();
            fs::write(top.join(folder).join("a"), "theirs\n").unwrap();
            fs::write(top.join(folder).join("src/b"), "theirs too\n").unwrap();
        }
        rig.put("own", "own\n");
        rig.put("src/own", "own\n");
        rig.walls = Some(Walls::around(&rig.root, top.join("temp")));
        Some(Self { rig, top })
    }

    /// A command in which `@` stands for the folder that holds the tree and its neighbours.
    async fn bash(&mut self, command: &str) -> ToolResult {
        let command = command.replace('@', self.top.to_str().unwrap());
        self.rig.call("bash", json!({ "command": command })).await
    }

    /// Everything in the neighbours' folders and beside them, with contents.
    fn outside(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.top.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let own = ["tree", "temp", "data"].map(|name| self.top.join(name));
                if own.contains(&path) {
                    continue;
                }
                let kind = fs::symlink_metadata(&path).unwrap().file_type();
                if kind.is_dir() {
                    open.push(path.clone());
                }
                let content = match kind.is_file() {
                    true => fs::read(&path).unwrap(),
                    false => format!("{kind:?}").into_bytes(),
                };
                found.insert(path, content);
            }
        }
        found
    }
}

fn has(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Ways out by a shell; each fails, and says that it may not.
const SHELL: [&str; 30] = [
    "echo x > @/checkout/a",
    "echo x >> @/checkout/a",
    "echo x > ../checkout/a",
    "echo x > @/checkout/new",
    "echo x > @/new",
    "cd @/checkout && echo x > new",
    "cd .. && mkdir new",
    "rm @/checkout/a",
    "rm -rf @/checkout",
    "rmdir @/checkout/src 2>&1; rm -r @/checkout/src",
    "mv own @/checkout/own",
    "mv @/checkout/a stolen",
    "mv @/checkout/a @/sibling/a",
    "mv @/checkout @/elsewhere",
    "cp own @/checkout/a",
    "mkdir @/checkout/new",
    "mkfifo @/sibling/pipe",
    "ln own @/checkout/own",
    "ln @/checkout/a mine && echo x > mine",
    "ln -s @/checkout/a link && echo x > link",
    "ln -s ../checkout out && echo x > out/a",
    "ln -s own @/sibling/link",
    "truncate -s 0 @/checkout/a",
    "sed -i s/theirs/mine/ @/checkout/a",
    "tee @/checkout/a < own",
    "dd if=own of=@/checkout/a",
    "echo x > /proc/self/root/@/checkout/a",
    "sh -c 'echo x > @/sibling/a'",
    "tar cf - own | tar xf - -C @/checkout",
    "eval \"$(printf 'echo x > %s' @/checkout/a)\"",
];

/// Ways out that no look at the command's text finds.
const SCRIPTS: [(&str, &str); 16] = [
    ("python3", "open('@/checkout/a', 'w').write('x')"),
    ("python3", "open('../checkout/a', 'a').write('x')"),
    ("python3", "import os; os.remove('@/checkout/a')"),
    ("python3", "import os; os.rename('own', '@/checkout/a')"),
    ("python3", "import os; os.rename('@/checkout/a', 'own')"),
    (
        "python3",
        "import os; os.link('@/checkout/a', 'hard'); open('hard', 'w').write('x')",
    ),
    (
        "python3",
        "import os; os.symlink('@/checkout', 'sl'); open('sl/a', 'w').write('x')",
    ),
    ("python3", "import os; os.truncate('@/checkout/a', 0)"),
    ("python3", "import os; os.mkdir('@/sibling/d')"),
    (
        "python3",
        "import os; os.chdir('@/sibling'); open('a', 'w')",
    ),
    ("python3", "import shutil; shutil.rmtree('@/sibling')"),
    (
        "python3",
        "import subprocess as s; s.run(['sh', '-c', 'echo x > @/checkout/a'], check=True)",
    ),
    (
        "python3",
        "import os\nd = os.open('@/checkout', os.O_RDONLY)\nos.open('a', os.O_WRONLY, dir_fd=d)",
    ),
    (
        "perl",
        "open(F, '>', '@/checkout/a') or die $!; print F 'x'",
    ),
    ("perl", "unlink('@/checkout/a') or die $!"),
    ("perl", "rename('own', '@/sibling/a') or die $!"),
];

#[tokio::test]
async fn no_command_changes_what_is_beyond_the_walls() {
    let Some(mut node) = Node::new() else { return };
    let before = node.outside();
    for command in SHELL {
        let result = node.bash(command).await;
        assert_eq!(node.outside(), before, "{command}");
        let told = failed(&result);
        assert!(
            told.contains("ermission denied") || told.contains("cross-device"),
            "{command}: {told}"
        );
        assert!(told.contains("may write only below"), "{command}: {told}");
    }
}

#[tokio::test]
async fn no_program_does_either_whatever_language_it_is_written_in() {
    let Some(mut node) = Node::new() else { return };
    let before = node.outside();
    for (program, script) in SCRIPTS.into_iter().filter(|row| has(row.0)) {
        node.rig.put("own", "own\n");
        let result = node
            .bash(&format!("{program} - <<'END'\n{script}\nEND"))
            .await;
        assert_eq!(node.outside(), before, "{script}");
        let told = failed(&result);
        assert!(
            told.contains("ermission denied") || told.contains("cross-device"),
            "{script}: {told}"
        );
    }
}

#[tokio::test]
async fn children_that_are_left_behind_stay_within_the_walls() {
    let Some(mut node) = Node::new() else { return };
    let before = node.outside();
    let started = node
        .rig
        .call(
            "bash",
            json!({
                "command": format!(
                    "setsid sh -c 'echo x > {}/checkout/a; echo tried > tried' & wait; sleep 60",
                    node.top.display()
                ),
                "run_in_background": true,
            }),
        )
        .await;
    assert!(ok(&started).contains("bash_1"));
    while !node.rig.root.join("tried").exists() {
        tokio::task::yield_now().await;
    }
    assert_eq!(node.outside(), before);
    node.rig.shells.end_all().await;
}

#[tokio::test]
async fn ordinary_work_goes_on_behind_the_walls() {
    let Some(mut node) = Node::new() else { return };
    for command in [
        "echo x > new && mv new src/new && cp src/new copy && rm copy && ln src/new hard && ln -s new src/soft",
        "mkdir -p a/b && mv a c && rmdir c/b c && truncate -s 3 own",
        "cat @/checkout/a && ls -la @ && grep -r theirs @/sibling",
        "echo x > /dev/null && echo y >&2 && echo z > /dev/stderr && : > /dev/full",
        "f=$(mktemp) && echo x > \"$f\" && case $f in @/temp/*) ;; *) exit 1 ;; esac",
        "cat <<E > doc\nsome $(seq 20000)\nE",
        "sort -S 1M --parallel=1 doc > sorted && (sleep 0 & wait)",
        "touch /dev/shm/formic-$$ && rm /dev/shm/formic-$$",
    ] {
        ok(&node.bash(command).await);
    }
    let moved = node.bash("cd src").await;
    let cwd = node.rig.root.join("src");
    assert!(moved.facts.contains(&Fact::Cwd(cwd)), "{}", text(&moved));
    // Whoever started it stays free: on this thread, and on those of the runtime.
    fs::write(node.top.join("sibling/a"), "changed by its owner").unwrap();
    node.rig.walls = None;
    ok(&node.bash("echo x > @/checkout/new").await);
}

#[tokio::test]
async fn git_and_builds_work_behind_the_walls() {
    let Some(mut node) = Node::new() else { return };
    node.rig.put(
        "Cargo.toml",
        "[package]\nname = \"x\"\nedition = \"2021\"\n[workspace]\n",
    );
    node.rig.put("src/lib.rs", "#[test]\nfn holds() { std::fs::write(std::env::temp_dir().join(\"x\"), \"x\").unwrap(); }\n");
    if has("git") {
        let identity = "-c user.name=x -c user.email=x@example.com";
        ok(&node
            .bash(&format!(
                "git init -q && git add -A && git {identity} commit -qm x && git log --oneline"
            ))
            .await);
    }
    if has("cargo") {
        // As if the user built everything in one folder: that folder is not the node's.
        ok(&node.bash("cargo test --offline -q").await);
        assert!(node.rig.root.join("target").is_dir());
        assert!(node.top.join("temp/x").is_file());
    }
}

#[tokio::test]
async fn a_shared_folder_is_open_unless_something_closed_lies_in_it() {
    let Some(mut node) = Node::new() else { return };
    let cache = node.top.join("sibling");
    let walls = Walls::around(&node.rig.root, node.top.join("temp"));
    node.rig.walls = Some(
        walls
            .clone()
            .sharing(&cache)
            .sharing(node.top.join("missing")),
    );
    ok(&node.bash("echo x > @/sibling/cached").await);
    failed(&node.bash("echo x > @/checkout/a").await);
    for closed in [cache.join("src"), cache.clone(), node.top.clone()] {
        node.rig.walls = Some(walls.clone().sharing(&cache).closing(&closed));
        failed(&node.bash("echo x > @/sibling/cached").await);
        ok(&node.bash("echo x > own").await);
    }
}

#[tokio::test]
async fn a_failure_that_is_no_refusal_is_told_without_a_remark() {
    let Some(mut node) = Node::new() else { return };
    let told = failed(&node.bash("echo no such thing; exit 3").await);
    assert!(!told.contains("may write only"), "{told}");
}

#[tokio::test]
async fn commands_get_the_settings_environment_and_no_key() {
    let mut rig = Rig::new();
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    rig.added = vec![
        set("GREETING", "hello"),
        set("SOME_KEY", "secret"),
        set("PAGER", "less"),
    ];
    rig.scrubbed = vec!["SOME_KEY".to_owned()];
    let command = json!({"command": "echo \"$GREETING ${SOME_KEY-none} $PAGER\""});
    assert_eq!(ok(&rig.call("bash", command).await), "hello none cat\n");
}
