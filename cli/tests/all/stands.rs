//! What a run stands on: a repository it can start from, or not, and the folder all work is done in.

use crate::formic::{World, ran};
use crate::swarm::{git, runs, script, swarm, world};

/// A plan that is refused, whether it is only shown or carried out; gives the two lines.
fn refused(world: &World, more: &[&str]) -> String {
    let dry = swarm(world, &[more, &["--dry-run"]].concat());
    let real = swarm(world, &[more, &["--yes"]].concat());
    assert_eq!((dry.code, real.code), (2, 2), "{}{}", dry.out, real.err);
    assert_eq!(dry.err, real.err);
    dry.err
}

#[test]
fn a_repository_that_no_run_can_start_from_is_refused_with_a_next_step_of_its_own() {
    let (world, _server) = world(&script());
    std::fs::create_dir(world.path("none")).unwrap();
    git(&world, &["clone", "--quiet", "--bare", ".", "../bare"]);
    git(&world, &["init", "--quiet", "../empty"]);
    let [bare, empty, none] =
        ["bare", "empty", "none"].map(|name| world.path(name).display().to_string());
    for (more, subject, step) in [
        (
            &["--target", "nosuch"][..],
            "branch nosuch",
            "hint: `git branch` lists the branches; ",
        ),
        (
            &["--target", "main", "--isolation", "shared"],
            "use --target main with --isolation shared, which a flag or settings say: ",
            "hint: leave out --target; ",
        ),
        (
            &["--target", "main", "--cwd", &none],
            "use --target main with --isolation shared, as it is here: ",
            "hint: leave out --target; ",
        ),
        (
            &["--cwd", &bare],
            "the repository is bare",
            "hint: clone it, ",
        ),
        (
            &["--cwd", &empty],
            "no commit yet",
            "hint: make the first commit: ",
        ),
    ] {
        let said = refused(&world, more);
        assert!(said.contains(subject) && said.contains(step), "{said}");
    }
}

#[test]
fn a_plan_that_is_only_shown_is_shown_as_it_would_start_from_its_target() {
    let (world, _server) = world(&script());
    git(&world, &["branch", "other"]);
    git(
        &world,
        &["commit", "--quiet", "--allow-empty", "--message", "on"],
    );
    let shown = swarm(&world, &["--dry-run", "--json", "--target", "other"]);
    let other = git(&world, &["rev-parse", "other"]);
    assert_eq!(shown.json()["base"], other.trim(), "{}", shown.err);
}

#[test]
fn what_the_run_leaves_out_and_where_the_work_of_one_folder_is_are_said_where_nobody_is_asked() {
    let (world, _server) = world(&script());
    world.write("project/b.txt", "b\nmine\n");
    let done = swarm(&world, &["--yes"]);
    let remark = "remark: uncommitted changes are not part of the run (b.txt)";
    assert!(done.err.contains(remark), "{}", done.err);
    let (world, _server) = crate::swarm::world(&script());
    let done = swarm(&world, &["--yes", "--isolation", "shared"]);
    let folder = world.path("project").display().to_string();
    let told = format!("what was made is in the folder {folder}, ");
    assert!(done.out.contains(&told), "{}{}", done.out, done.err);
    let shown = world.run(&["swarm", "show"]).out;
    assert!(shown.contains(&told), "{shown}");
}

#[test]
fn a_plan_that_is_approved_after_its_branch_has_moved_says_so() {
    let (world, _server) = world(&script());
    let proposed = || {
        assert_eq!(swarm(&world, &[]).code, 5);
    };
    let approved = || {
        let done = world.run(&["swarm", "resume", "--yes"]);
        assert_eq!(done.code, 0, "{}", done.err);
        done.err
    };
    let moved = "warning: main has moved since this plan was made";
    proposed();
    let said = approved();
    assert!(!said.contains(moved), "{said}");
    git(&world, &["reset", "--quiet", "--hard", "HEAD~3"]);
    proposed();
    git(
        &world,
        &["commit", "--quiet", "--allow-empty", "--message=more"],
    );
    let said = approved();
    assert!(said.contains(moved), "{said}");
}

#[test]
fn a_run_of_another_folder_is_shown_as_such() {
    let (world, _server) = world(&script());
    assert_eq!(swarm(&world, &[]).code, 5);
    let here = world.run(&["swarm", "show"]);
    assert_eq!((here.code, here.err.as_str()), (0, ""));
    std::fs::create_dir(world.path("elsewhere")).unwrap();
    let elsewhere = |args: &[&str]| {
        let mut command = world.command(args);
        ran(command
            .current_dir(world.path("elsewhere"))
            .output()
            .unwrap())
    };
    let there = elsewhere(&["swarm", "show"]);
    assert!(
        there.code == 0 && there.err.contains("/elsewhere: this is the newest of all"),
        "{}",
        there.err
    );
    let run = runs(&world)[0]["short_id"].as_str().unwrap().to_owned();
    let named = elsewhere(&["swarm", "show", &run]);
    assert_eq!((named.code, named.err.as_str()), (0, ""));
}

#[test]
fn a_gate_that_the_work_is_to_make_pass_is_said_to_fail_and_then_the_run_may_begin() {
    let (world, server) = world(&script());
    let plan = r#"{"version": 1, "goal": "mend a", "nodes": [{"id": "a", "brief": "append done to a.txt", "writes": ["a.txt"]}]}"#;
    world.write("plan.json", plan);
    let gated = ["--yes", "--gate", "grep -q done a.txt"];
    let red = swarm(&world, &gated);
    let said = format!("{}{}", red.out, red.err);
    assert_eq!(red.code, 1, "{said}");
    assert!(
        said.contains("exits with 1 and says nothing before any of the work"),
        "{said}"
    );
    assert!(said.contains("--gate-expect fail"), "{said}");
    assert_eq!(server.requests().len(), 0);
    let told = swarm(&world, &[&gated[..], &["--gate-expect", "fail"]].concat());
    assert_eq!(told.code, 0, "{}{}", told.out, told.err);
    assert!(git(&world, &["show", "main:a.txt"]).contains("done"));
    let green = swarm(&world, &[&gated[..], &["--gate-expect", "fail"]].concat());
    let said = format!("{}{}", green.out, green.err);
    assert!(
        said.contains("passes before any of the work, and it is expected to fail"),
        "{said}"
    );
    let misspelt = [
        "--yes",
        "--gate",
        "gerp done a.txt",
        "--gate-expect",
        "fail",
    ];
    let wrong = swarm(&world, &misspelt);
    assert_eq!(wrong.code, 1, "{}{}", wrong.out, wrong.err);
    assert!(
        wrong.out.contains("nothing was begun") && wrong.out.contains("and begin anew"),
        "{}",
        wrong.out
    );
    assert!(!wrong.out.contains("swarm retry"), "{}", wrong.out);
    assert!(
        wrong.err.contains("1 check run, 1 not as declared"),
        "{}",
        wrong.err
    );
    assert!(!wrong.err.contains("It said:\na:"), "{}", wrong.err);
    let alone = swarm(&world, &["--gate-expect", "fail"]);
    assert_eq!(alone.code, 2, "{}", alone.err);
}
