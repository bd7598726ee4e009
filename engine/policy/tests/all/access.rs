//! What claims touch, so that they can be ordered.

use policy::accesses;
use protocol::{Access, Action, Claim, PermissionMode, Reach};

use crate::world::{ROOT, read, run, search, world, write};

fn of(claim: &Claim) -> Vec<Access> {
    let world = world(&[]);
    accesses(claim, &world.situation(PermissionMode::Default))
}

#[test]
fn file_tools_touch_their_file() {
    assert_eq!(of(&read("a")), [Access::searches("/w/tree/a")]);
    assert_eq!(
        of(&search("grep", "src")),
        [Access::searches("/w/tree/src")]
    );
    assert_eq!(of(&write("a")), [Access::changes("/w/tree/a")]);
    assert_eq!(
        of(&Claim {
            tool: "todo".into(),
            action: Action::Session
        }),
        []
    );
}

#[test]
fn commands_touch_what_is_known_of_them() {
    let root = Access::searches(ROOT);
    let rows: [(&str, Vec<Access>); 15] = [
        ("sleep 1", vec![]),
        ("true && echo a && pwd && date", vec![]),
        ("cat a", vec![root.clone()]),
        ("git status", vec![root.clone()]),
        ("echo a > b", vec![Access::changes("/w/tree/b")]),
        ("echo a 2>/dev/null", vec![]),
        ("cat < a", vec![Access::reads("/w/tree/a"), root.clone()]),
        ("cat /etc/hosts", vec![root, Access::searches("/etc/hosts")]),
        ("make", vec![Access::anything()]),
        ("sleep 1; make", vec![Access::anything()]),
        ("echo $(make)", vec![Access::anything()]),
        ("$X", vec![Access::anything()]),
        ("echo a > $X", vec![Access::anything()]),
        ("cd src", vec![Access::anything()]), // later commands start there
        ("sh -c 'sleep 1'", vec![]),
    ];
    for (command, want) in rows {
        assert_eq!(of(&run(command)), want, "{command}");
    }
}

#[test]
fn arranging_reaches_below_folders() {
    let touched = of(&run("mv a b"));
    let tree = |path: &str| Access {
        writes: true,
        reach: Reach::Tree(path.into()),
    };
    assert!(touched.contains(&tree("/w/tree/a")) && touched.contains(&tree("/w/tree/b")));
    assert!(protocol::claim::conflict(&touched, &of(&read("a/x"))));
    assert!(!protocol::claim::conflict(&touched, &of(&read("c"))));
}
