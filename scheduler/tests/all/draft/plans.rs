//! The plans that follow from facts and choices.

use scheduler::draft::{Choices, Draft, Limits, Material, Piece, Size};

use super::given::{diamond, draft, file, lines, material};

fn piece(clusters: &[&str], brief: &str) -> Piece {
    Piece {
        clusters: clusters.iter().map(|&id| id.into()).collect(),
        brief: brief.into(),
        ..Piece::default()
    }
}

fn choices(pieces: &[Piece]) -> Choices {
    Choices {
        pieces: pieces.to_vec(),
        ..Choices::default()
    }
}

#[test]
fn without_a_planner_every_package_is_a_node_in_the_order_of_the_imports() {
    let plan = draft(diamond(), "raise the limit").fallback();
    assert_eq!(
        lines(&plan),
        [
            "base <-  | crates/base/** | cargo test -p base",
            "left <- base | crates/left/** | cargo test -p left",
            "right <- base | crates/right/** | cargo test -p right",
            "top <- left right | crates/top/** | cargo test -p top",
        ]
    );
    assert!(
        plan.nodes.iter().all(|node| node.hints.noop),
        "nobody knows which must change"
    );
    assert_eq!(
        plan.gate.map(|gate| gate.cmd).as_deref(),
        Some("cargo test --workspace")
    );
    assert_eq!(plan.goal, "raise the limit");
}

#[test]
fn without_a_planner_only_what_the_goal_names_and_its_importers_are_worked_on() {
    let plan = draft(diamond(), "tidy `left`").fallback();
    assert_eq!(
        lines(&plan),
        ["left <-  | crates/left/** | cargo test -p left"]
    );
    let mut facts = diamond();
    facts.files[4].symbols.push("old_name".into());
    let plan = draft(facts, "rename old_name to new_name").fallback();
    let names: Vec<&str> = plan.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["base", "left", "right"]);
}

#[test]
fn a_large_repository_and_a_goal_that_names_nothing_are_one_agents_work() {
    let files = (0..200).map(|n| file(&format!("m{n}/f.py"), &[]));
    let facts = Material {
        files: files.collect(),
        ..Material::default()
    };
    let plan = draft(facts, "make it good").fallback();
    assert_eq!(lines(&plan), ["work <-  | ** | -"]);
    assert_eq!(
        lines(&draft(Material::default(), "x").fallback()),
        ["work <-  | ** | -"]
    );
}

#[test]
fn many_clusters_that_the_goal_names_are_joined_until_there_are_few_enough() {
    let files = (0..100).map(|n| file(&format!("m{n:03}/api.py"), &[]));
    let facts = Material {
        files: files.collect(),
        ..Material::default()
    };
    let plan = draft(facts, "migrate every api").fallback();
    assert_eq!(plan.nodes.len(), 25);
    assert_eq!(plan.nodes[0].writes.len(), 4);
}

#[test]
fn edges_follow_through_clusters_nobody_changes() {
    let drafted = draft(diamond(), "go");
    let plan = drafted
        .assemble(&choices(&[
            piece(&["c4"], "use it"),
            piece(&["c1"], "change it"),
        ]))
        .unwrap();
    assert_eq!(
        lines(&plan),
        [
            "top <- base | crates/top/** | cargo test -p top",
            "base <-  | crates/base/** | cargo test -p base",
        ]
    );
}

#[test]
fn hints_add_edges_and_never_remove_those_of_imports() {
    let drafted = draft(diamond(), "go");
    let mut pieces = [
        piece(&["c2"], "left"),
        piece(&["c3"], "right"),
        piece(&["c1"], "base"),
    ];
    pieces[0].after = vec!["c3".into()];
    let plan = drafted.assemble(&choices(&pieces)).unwrap();
    let deps: Vec<String> = lines(&plan)
        .iter()
        .map(|line| line.split(" |").next().unwrap().to_owned())
        .collect();
    assert_eq!(deps, ["left <- right", "right <- base", "base <- "]);
    pieces[2].after = vec!["c2".into()];
    let problems = drafted.assemble(&choices(&pieces)).unwrap_err();
    assert_eq!(
        problems,
        [
            "cycle: the piece with c2 and the piece with c3 and the piece with c1 wait for one another; the imports stand, so \
          take back an `after`"
        ]
    );
}

#[test]
fn joining_what_cannot_be_joined_is_a_problem() {
    let drafted = draft(diamond(), "go");
    let pieces = [piece(&["c1", "c4"], "both ends"), piece(&["c2"], "between")];
    let problems = drafted.assemble(&choices(&pieces)).unwrap_err();
    assert!(
        problems[0].starts_with(
            "cycle: the piece with c1 c4 and the piece with c2 import from one another"
        ),
        "{problems:?}"
    );
}

#[test]
fn joined_pieces_take_the_check_that_covers_them_and_split_ones_wait_where_they_import() {
    let facts = material(&[
        ("crates/base/src/a.rs", &[]),
        ("crates/base/src/b.rs", &["crates/base/src/a.rs"]),
        ("crates/left/src/c.rs", &[]),
        ("crates/right/src/d.rs", &[]),
    ]);
    let drafted = draft(facts, "go");
    let mut split = piece(&["c1"], "base");
    split.split = true;
    let plan = drafted
        .assemble(&choices(&[split, piece(&["c3", "c2"], "the rest")]))
        .unwrap();
    assert_eq!(
        lines(&plan),
        [
            "base <-  | crates/base/src/a.rs | cargo test -p base",
            "base-2 <- base | crates/base/src/b.rs | cargo test -p base",
            "crates <-  | crates/left/** crates/right/** | cargo test --workspace",
        ]
    );
}

#[test]
fn what_everyone_shares_is_changed_by_one_node_after_all_others() {
    let mut chosen = choices(&[piece(&["c2"], "left"), piece(&["c3"], "right")]);
    chosen.shared = true;
    chosen.contract = "names stay".into();
    chosen.gate = "k1".into();
    chosen.pieces[0].accept = "k1".into();
    chosen.pieces[0].tier = Size::L;
    chosen.pieces[0].risk = Size::S;
    let plan = draft(diamond(), "go").assemble(&chosen).unwrap();
    assert_eq!(
        lines(&plan)[2],
        "shared-files <- left right | Cargo.lock Cargo.toml | cargo test --workspace"
    );
    assert_eq!(plan.contracts, ["names stay"]);
    let json = serde_json::to_value(&plan.nodes[0]).unwrap();
    assert_eq!(
        (json["tier"].as_str(), json["hints"]["risk"].as_str()),
        (Some("frontier"), Some("low"))
    );
}

#[test]
fn a_folder_that_another_works_in_is_written_file_by_file_and_odd_names_match_themselves() {
    let facts = material(&[
        ("app/[id]/page.rs", &[]),
        ("app/[id]/{x}*.rs", &["app/[id]/page.rs"]),
        ("lib/a.rs", &[]),
    ]);
    let limits = Limits {
        files: 1,
        ..Limits::default()
    };
    let drafted = Draft::new(facts, "go", limits);
    let pieces = [
        piece(&["c1"], "one"),
        piece(&["c2"], "two"),
        piece(&["c3"], "three"),
    ];
    let plan = drafted.assemble(&choices(&pieces)).unwrap();
    let writes: Vec<&str> = plan
        .nodes
        .iter()
        .map(|node| node.writes[0].as_str())
        .collect();
    assert_eq!(
        writes,
        [
            "app/\\[id\\]/page.rs",
            "app/\\[id\\]/\\{x\\}\\*.rs",
            "lib/**"
        ]
    );
    assert!(plan.nodes.iter().all(|node| node.name.is_valid()));
}
