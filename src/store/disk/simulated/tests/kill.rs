//! What the end of a process leaves.

use super::*;

#[test]
fn what_a_killed_process_wrote_is_there_and_can_still_be_lost() {
    let (disk, file) = with_file("a", 0);
    disk.crash_after(1);
    file.write_at(b"octets", 0).unwrap_err();

    let next = disk.kill();

    assert_eq!(read(&next, "a").unwrap(), b"octets");
    assert!(outcomes(&next, |disk| read(disk, "a")).len() > 1);
}
