//! The first signal asks, the second one ends the process.

use std::{env, process::Command, time::Duration};

use ombud_launch::shutdown::{Shutdown, SignalWatch};
use signal_hook::{consts::SIGTERM, low_level::raise};

const CHILD: &str = "SIGNALLED_TWICE";
const LONG: Duration = Duration::from_secs(60);

#[test]
fn the_first_signal_asks_and_the_second_ends_the_process_at_once() {
    if env::var_os(CHILD).is_some() {
        let shutdown = Shutdown::default();
        let _watch = SignalWatch::start(shutdown.clone()).unwrap();
        raise(SIGTERM).unwrap();
        assert!(shutdown.wait(LONG), "the first signal was not heard");
        eprintln!("asked");
        raise(SIGTERM).unwrap();
        unreachable!("the second signal ends the process in its handler");
    }
    // Signals belong to a whole process, so this test runs itself again in one of its own.
    let child = Command::new(env::current_exe().unwrap())
        .args(["--nocapture", "--test-threads=1"])
        .env(CHILD, "yes")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&child.stderr);
    assert_eq!(child.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("asked") && !stderr.contains("panicked"), "{stderr}");
}
