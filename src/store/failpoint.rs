//! Places where a test ends the process, or has the disk fail. Without the feature `failpoints`
//! there is nothing of them.
//!
//! The variable `FAILPOINTS` says what happens where, as the crate `fail` reads it:
//! `checkpoint::synced=2*off->return(kill)` kills the process when it comes there the third time.
//! Instead of `kill` the number of an error (errno) makes that the outcome of the call.

/// Stops here if a test says so; for functions whose errors an [`std::io::Error`] converts to.
macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        $crate::store::failpoint::reach($name)?;
    };
}

pub(super) use failpoint;

/// Does what the environment says of the place.
#[cfg(feature = "failpoints")]
pub(super) fn reach(name: &str) -> std::io::Result<()> {
    fail::fail_point!(name, |what| Err(fail_with(&what.unwrap_or_default())));
    Ok(())
}

#[cfg(feature = "failpoints")]
fn fail_with(what: &str) -> std::io::Error {
    if let Ok(number) = what.parse() {
        return std::io::Error::from_raw_os_error(number);
    }
    assert_eq!(what, "kill", "neither an error's number nor a way to end");
    // As if from outside: nothing is cleaned up, and no core is dumped.
    let killed = rustix::process::kill_process(rustix::process::getpid(), KILL);
    panic!("still there: {killed:?}")
}

#[cfg(feature = "failpoints")]
const KILL: rustix::process::Signal = rustix::process::Signal::KILL;
