//! The store ends in the middle of what it does beside writing, and loses nothing.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use crate::raw::peer::NoFrame;
use crate::trial::Trial;

/// Errors of the disk, by their numbers.
const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// One message stays among so many that go.
const SPARSE: [&str; 16] = {
    let mut queues = ["gone"; 16];
    queues[0] = "kept";
    queues
};

#[test]
fn a_kill_where_a_file_begins_loses_nothing() {
    for place in ["roll::begin", "roll::created", "roll::synced"] {
        let mut trial = Trial::start(&format!("{place}=1*off->return(kill)"));

        assert_eq!(trial.publish(40, &["kept"]), Err(NoFrame::Ended), "{place}");
        expect_killed(trial.expect_end());

        expect_whole(trial);
    }
}

#[test]
fn a_kill_in_a_checkpoint_loses_nothing() {
    for place in ["checkpoint::written", "checkpoint::synced", "checkpoint::renamed"] {
        let mut trial = Trial::start(&format!("{place}=1*off->return(kill)"));

        publish_until_checkpoint(&mut trial);
        expect_killed(trial.expect_end());

        expect_whole(trial);
    }
}

#[test]
fn a_kill_during_the_start_loses_nothing() {
    let mut trial = Trial::start("roll::begin=1*off->return(kill)");
    assert_eq!(trial.publish(40, &["kept"]), Err(NoFrame::Ended));
    expect_killed(trial.expect_end());

    for place in ["checkpoint::written", "checkpoint::synced", "checkpoint::renamed"] {
        expect_killed(trial.start_in_vain(&format!("{place}=return(kill)")));
    }

    expect_whole(trial);
}

#[test]
fn a_kill_while_messages_are_copied_forward_loses_nothing() {
    for place in ["copy::read", "copy::durable"] {
        let mut trial = Trial::start(&format!("{place}=return(kill)"));

        publish_for_copy(&mut trial);
        expect_killed(trial.expect_end());

        trial.start_again("");
        trial.wait_until("files are copied", |it| it.files() < 6);
        trial.expect_contents();
        trial.expect_progress();
        trial.stop();
    }
}

#[test]
fn an_error_of_the_disk_ends_the_process_and_loses_nothing() {
    let places = ["roll::created", "checkpoint::written", "checkpoint::renamed"];
    expect_failure(&places, &format!("return({EIO})"));
}

#[test]
fn an_error_of_the_disk_while_messages_are_copied_ends_the_process_and_loses_nothing() {
    let mut trial = Trial::start(&format!("copy::read=return({EIO})"));

    publish_for_copy(&mut trial);
    assert_eq!(trial.expect_end().code(), Some(74));

    expect_whole(trial);
}

#[test]
fn a_panic_of_the_stores_threads_ends_the_process_and_loses_nothing() {
    expect_failure(&["roll::created", "checkpoint::synced"], "panic");
}

#[test]
fn a_full_disk_is_waited_for() {
    for place in ["roll::begin", "checkpoint::written"] {
        let mut trial = Trial::start(&format!("{place}=1*off->2*return({ENOSPC})->off"));

        publish_for_checkpoint(&mut trial).unwrap();

        trial.expect_contents();
        trial.expect_progress();
        trial.stop();
    }
}

/// What happens at these places ends the process, which says that its disk failed.
#[track_caller]
fn expect_failure(places: &[&str], what: &str) {
    for place in places {
        let mut trial = Trial::start(&format!("{place}=1*off->{what}"));

        publish_until_checkpoint(&mut trial);
        assert_eq!(trial.expect_end().code(), Some(74), "{place}");

        expect_whole(trial);
    }
}

/// Publishes until a checkpoint is due, and a file has nothing any more that it could refer to.
fn publish_for_checkpoint(trial: &mut Trial) -> Result<(), NoFrame> {
    trial.publish(34, &["gone"])?;
    trial.purge("gone");
    trial.publish(64, &["kept", "gone"])
}

/// The same where the broker ends then, be it before or after all is confirmed.
fn publish_until_checkpoint(trial: &mut Trial) {
    if let Err(why) = publish_for_checkpoint(trial) {
        assert_eq!(why, NoFrame::Ended);
    }
}

/// Publishes until files are worth being copied forward.
fn publish_for_copy(trial: &mut Trial) {
    trial.publish(160, &SPARSE).unwrap();
    trial.purge("gone");
}

#[track_caller]
fn expect_killed(status: ExitStatus) {
    assert_eq!(status.signal(), Some(9), "{status}");
}

/// Nothing is lost, and the next broker goes on.
#[track_caller]
fn expect_whole(mut trial: Trial) {
    trial.start_again("");
    trial.expect_contents();
    trial.expect_progress();
    trial.stop();
}
