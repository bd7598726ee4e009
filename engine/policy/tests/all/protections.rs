//! What no mode lets an agent change, and what stays inside the tree.

use crate::world::{ASK, EDIT, FREE, KEY, NEVER, OUT, read, world, write};

#[test]
fn protected_files_are_never_written() {
    world(&["allow Edit", "allow Write(//h/me/**)"]).check_claims(&[
        (write(".git/config"), NEVER),
        (write(".git"), NEVER),
        (write(".GIT/hooks/pre-commit"), NEVER),
        (write("sub/.git/config"), NEVER),
        (write(".g\u{200c}it/config"), NEVER),
        (write("hooks/pre-commit"), NEVER),
        (write(".formic/settings.json"), NEVER),
        (write(".formic/settings.local.json"), NEVER),
        (write(".claude/settings.json"), NEVER),
        (write("sub/.claude/Settings.JSON"), NEVER),
        (write("own.json"), NEVER),
        (write(".mcp.json"), NEVER),
        (write("/h/me/.config/formic/settings.json"), NEVER),
        (write("/h/me/.bashrc"), NEVER),
        (write("/h/me/.zshrc"), NEVER),
        (write(".profile"), NEVER),
        (write("/h/me/.ssh/authorized_keys"), NEVER),
        (write("/h/me/.gnupg/x"), NEVER),
        (write("/h/me/.aws/credentials"), NEVER),
        (write("/h/me/.config/gh/hosts.yml"), NEVER),
        (write("/data/journal/x"), NEVER),
        (write("/data/spill/x"), NEVER),
        (write("/etc/hosts"), NEVER),
        (write("../other/x"), NEVER),
        (write("/w/tree2/x"), NEVER),
        (write("out/x"), NEVER),
    ]);
    world(&[]).check_claims(&[
        (write("a.txt"), EDIT),
        (write("/w/extra/a.txt"), EDIT),
        (write(".gitignore"), EDIT),
        (write(".github/x.yml"), EDIT),
        (write(".formic/plans/a.json"), EDIT),
        (write("git/config"), EDIT),
    ]);
}

#[test]
fn reading_is_free_inside_and_asked_outside() {
    world(&[]).check_claims(&[
        (read("a"), FREE),
        (read(".git/config"), FREE),
        (read("/w/extra/a"), FREE),
        (read("/data/spill/a"), FREE),
        (read("/data/journal"), OUT),
        (read("/etc/passwd"), OUT),
        (read("out/passwd"), OUT),
        (read("../x"), OUT),
        (read("/w/tree2/x"), OUT),
        (read("/h/me/.ssh/id_rsa"), KEY),
        (read("/h/me/.aws/credentials"), KEY),
        (read("/h/me/.netrc"), KEY),
        (read("/dev/null"), FREE),
    ]);
    world(&["allow Read(//etc/**)", "allow Read"]).check_claims(&[
        (read("/etc/passwd"), FREE),
        (read("/h/me/.ssh/id_rsa"), KEY), // a bare rule does not speak of keys
    ]);
    world(&["allow Read(~/.ssh/*.pub)"]).check_claims(&[
        (read("/h/me/.ssh/id_rsa.pub"), FREE),
        (read("/h/me/.ssh/id_rsa"), KEY),
    ]);
}

#[test]
fn commands_do_not_touch_protected_files_either() {
    world(&["allow Bash(cp:*)", "allow Bash(tee:*)", "allow Bash(rm:*)"]).check(&[
        ("rm .git/config", NEVER),
        ("rm -f .git/index.lock", NEVER),
        ("cp x .git/hooks/pre-commit", NEVER),
        ("cp settings.json .formic/", NEVER),
        ("cp x hooks/pre-commit", NEVER),
        ("mv .git old", NEVER),
        ("tee ~/.bashrc", NEVER),
        ("tee -a ~/.ssh/authorized_keys", NEVER),
        ("sed -i s/a/b/ .git/config", NEVER),
        ("chmod +x .git/hooks/x", NEVER),
        ("ln -s /evil .git/hooks/x", NEVER),
        ("dd of=.git/config", NEVER),
        ("truncate -s0 .formic/settings.json", NEVER),
        ("sort -o .git/config x", NEVER),
        ("python3 x.py .git/config", NEVER),
        ("sh -c 'tee .git/config'", NEVER),
        ("touch src/../.git/x", NEVER),
        ("cat .git/config", FREE),
        ("ls .git", FREE),
        ("ssh -i ~/.ssh/id_rsa host", "??xxa"),
        ("cp ~/.ssh/id_rsa key", "??xx?"),
    ]);
}

#[test]
fn edit_rules_hold_for_every_writing_tool_and_redirection() {
    let world = world(&[
        "deny Edit(src/gen/**)",
        "ask Edit(Cargo.toml)",
        "allow Edit(docs/**)",
    ]);
    world.check_claims(&[
        (write("src/gen/a.rs"), NEVER),
        (write("docs/a.md"), "aaxaa"),
        (write("Cargo.toml"), "??xxa"),
        (write("sub/Cargo.toml"), "??xxa"),
        (write("a"), EDIT),
    ]);
    world.check(&[
        ("ls > src/gen/a.rs", NEVER),
        ("ls > docs/a.md", "aaxaa"),
        ("tee src/gen/a.rs", NEVER),
        ("touch src/gen/x", NEVER),
        ("mkdir docs/x", "aaxaa"),
        ("cp a src/gen", NEVER),
        ("sed -i s/a/b/ src/gen/a.rs", NEVER),
        ("make", ASK),
    ]);
}
