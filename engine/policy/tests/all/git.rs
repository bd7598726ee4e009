//! Git: what reads, what changes, what loses work.

use crate::world::{ASK, FREE, NEVER, OUT, world};

#[test]
fn reading_the_repository_is_free() {
    world(&[]).check(&[
        ("git status", FREE),
        ("git status --short", FREE),
        ("git --no-pager log --oneline -5", FREE),
        ("git diff HEAD~1 -- src", FREE),
        ("git diff --text", FREE),
        ("git show HEAD:src/main.rs", FREE),
        ("git branch", FREE),
        ("git branch -a", FREE),
        ("git branch --contains abc", FREE),
        ("git rev-parse HEAD", FREE),
        ("git ls-files", FREE),
        ("git blame a.txt", FREE),
        ("git stash list", FREE),
        ("git remote -v", FREE),
        ("git tag", FREE),
        ("git config --get user.name", FREE),
        ("git worktree list", FREE),
        ("git --version", FREE),
        ("git -C /w/extra status", FREE),
    ]);
}

#[test]
fn everything_else_asks() {
    world(&[]).check(&[
        ("git commit -m x", ASK),
        ("git add .", ASK),
        ("git push", ASK),
        ("git fetch", ASK),
        ("git branch new", ASK),
        ("git branch -D old", ASK),
        ("git tag v1", ASK),
        ("git stash", ASK),
        ("git config user.name x", ASK),
        ("git remote add x y", ASK),
        ("git log --output=x", ASK),
        ("git diff --outp=x", ASK),
        ("git diff --ext-diff", ASK),
        ("git diff --no-index a /etc/passwd", ASK),
        ("git grep -O x", ASK),
        ("git grep --open-files-in-pager=sh x", ASK),
        ("git -c core.pager=sh log", ASK),
        ("git -c alias.x='!sh' x", ASK),
        ("git --exec-path=. status", ASK),
        ("git --git-dir=x status", ASK),
        ("git -C src status", OUT), // a nested repository's settings could run anything
        ("cd src && git status", OUT),
        ("cd /tmp && git status", OUT),
        ("GIT_PAGER=sh git log", ASK),
        ("GIT_SSH_COMMAND=sh git fetch", ASK),
        ("git $X", ASK),
        ("git log $X", ASK),
        ("git", ASK),
    ]);
}

#[test]
fn losing_work_asks_whatever_a_wide_rule_says() {
    let rows = [
        ("git reset --hard", ASK),
        ("git reset --har", ASK),
        ("git -C . reset --hard", ASK),
        ("git clean -fd", ASK),
        ("git clean -xdf", ASK),
        ("git clean --force", ASK),
        ("git checkout -- .", ASK),
        ("git checkout .", ASK),
        ("git checkout -f main", ASK),
        ("git restore .", ASK),
        ("git push --force", ASK),
        ("git push -f", ASK),
        ("git push origin +main", ASK),
        ("git push origin :main", ASK),
        ("git push --force-with-lease", ASK),
        ("git branch -D x", ASK),
        ("git stash drop", ASK),
        ("git stash clear", ASK),
        ("git reflog expire --all", ASK),
        ("git worktree remove x", ASK),
        ("git \"reset\" --ha''rd", ASK),
        ("sh -c 'git reset --hard'", ASK),
        ("ls && git reset --hard", ASK),
    ];
    world(&[]).check(&rows);
    // In plan mode a rule cannot help; elsewhere the wide rule is not enough.
    world(&["allow Bash(git:*)", "allow Bash(sh -c:*)"]).check(&rows);
    world(&["allow Bash(git:*)"]).check(&[
        ("git reset HEAD~1", "aaxaa"),
        ("git restore --staged a", "aaxaa"),
        ("git commit -m 'x; y'", "aaxaa"),
        ("git push", "aaxaa"),
        ("git -c user.name=x commit -m x", "aaxaa"),
        ("git -c core.editor=./x commit", ASK),
        ("git -c alias.x='!./x' x", ASK),
        ("git --exec-path=./x status", ASK),
        ("git submodule foreach ./x", ASK),
        ("git bisect run ./x", ASK),
        ("git rebase -x ./x main", ASK),
    ]);
    world(&["allow Bash(git reset --hard)"]).check(&[
        ("git reset --hard", "aaxaa"),
        ("git reset  --hard", "aaxaa"),
        ("git reset --hard HEAD~1", ASK),
        ("find . -delete", ASK),
    ]);
}

#[test]
fn some_removals_never_run() {
    world(&["allow Bash", "allow Bash(rm:*)"]).check(&[
        ("rm -rf /", NEVER),
        ("rm -rf /*", NEVER),
        ("rm -fr -- /", NEVER),
        ("rm --recursive --force /", NEVER),
        ("rm --rec /", NEVER),
        ("rm -r -f ~", NEVER),
        ("rm -rf ~/", NEVER),
        ("rm -rf $HOME", NEVER),
        ("rm -rf \"$HOME\"/*", NEVER),
        ("rm -rf .", NEVER),
        ("rm -rf ./", NEVER),
        ("rm -rf *", NEVER),
        ("rm -rf ./*", NEVER),
        ("rm -rf ..", NEVER),
        ("rm -rf /w/tree", NEVER),
        ("rm -rf $PWD", NEVER),
        ("rm -rf src/..", NEVER),
        ("rm -rf .git", NEVER),
        ("rm -rf ./.git/", NEVER),
        ("rm -rf .GIT", NEVER),
        ("rm .git/config", NEVER),
        ("rm -rf $X/", NEVER),
        ("rm -rf ${X}/*", NEVER),
        ("rm -rf /etc", NEVER),
        ("cd src && rm -rf ..", NEVER),
        ("cd / && rm -rf *", NEVER),
        ("sudo rm -rf /", NEVER),
        ("sh -c 'rm -rf /'", NEVER),
        ("\\rm -rf /", NEVER),
        ("find . -exec rm -rf / \\;", NEVER),
        ("rm -rf {src,.git}", NEVER),
        ("rm -rf build", "aaxaa"),
        ("rm -rf build/*", "aaxaa"),
    ]);
}
