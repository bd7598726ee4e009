//! Blobs are kept once, checked when read, and healed when written again.

use std::fs;

use protocol::BlobId;
use store::WhyLost;

use crate::given::Disk;

#[test]
fn bytes_come_back_under_their_content_id() {
    let disk = Disk::new();
    let blobs = disk.data.blobs();
    for bytes in [&b""[..], b"x", &[0xff; 100_000]] {
        let id = blobs.put(bytes).unwrap();
        assert_eq!(id, BlobId::of(bytes));
        assert_eq!(blobs.get(id).unwrap(), bytes);
    }
    let shelves = fs::read_dir(disk.data.root().join("blobs")).unwrap();
    assert!(
        shelves
            .into_iter()
            .all(|entry| entry.unwrap().path().is_dir()),
        "nothing temporary stays"
    );
}

#[test]
fn a_blob_that_is_there_is_not_written_again() {
    let disk = Disk::new();
    let blobs = disk.data.blobs();
    let id = blobs.put(b"once").unwrap();
    let before = fs::metadata(blobs.path(id)).unwrap().modified().unwrap();
    fs::File::open(blobs.path(id))
        .unwrap()
        .set_modified(before - std::time::Duration::from_secs(60))
        .unwrap();
    blobs.put(b"once").unwrap();
    let after = fs::metadata(blobs.path(id)).unwrap().modified().unwrap();
    assert!(after < before);
}

#[test]
fn any_flipped_bit_loses_the_blob_until_it_is_put_again() {
    let disk = Disk::new();
    let blobs = disk.data.blobs();
    let bytes = b"some bytes";
    let id = blobs.put(bytes).unwrap();
    for at in 0..bytes.len() {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 0x10;
        fs::write(blobs.path(id), flipped).unwrap();
        assert_eq!(blobs.get(id).unwrap_err().why, WhyLost::Damaged);
        blobs.put(bytes).unwrap();
        assert_eq!(blobs.get(id).unwrap(), bytes);
    }
    fs::remove_file(blobs.path(id)).unwrap();
    assert_eq!(blobs.get(id).unwrap_err().why, WhyLost::Missing);
}
