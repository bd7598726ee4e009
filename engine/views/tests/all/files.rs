//! The files touched.

use protocol::{BlobId, Fact};
use views::{FileTouch, FilesTouched, View};

use crate::given::*;

#[test]
fn files_are_counted_as_read_or_changed_never_both_for_one_result() {
    let seen = |path: &str| Fact::FileSeen {
        path: path.into(),
        content: BlobId::of(b""),
    };
    let written = |path: &str| Fact::FileWritten {
        path: path.into(),
        added: 3,
        removed: 1,
    };
    let touched = FilesTouched::fold(&records(vec![
        finished(1, (0, 1), ok("").knowing(seen("/w/a"))),
        finished(
            2,
            (0, 1),
            ok("").knowing(written("/w/a")).knowing(seen("/w/a")),
        ),
        finished(
            4,
            (0, 1),
            ok("").knowing(written("/w/a")).knowing(seen("/w/b")),
        ),
    ]));
    let a = FileTouch {
        reads: 1,
        writes: 2,
        added: 6,
        removed: 2,
    };
    assert_eq!(touched.files[std::path::Path::new("/w/a")], a);
    assert_eq!(touched.files[std::path::Path::new("/w/b")].reads, 1);
    assert_eq!(touched.changed().count(), 1);
    assert_eq!(touched.lines(), (6, 2));
}
