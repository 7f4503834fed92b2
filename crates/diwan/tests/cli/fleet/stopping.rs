//! Ctrl-C, and readers that go away.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout};

use rustix::process::{Pid, Signal, kill_process};

use super::Fleet;

/// A command whose script has begun.
pub(crate) struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    pub(crate) errors: BufReader<ChildStderr>,
}

impl Running {
    pub(crate) async fn begin(fleet: &Fleet, line: &str) -> Self {
        let mut child = fleet.desk.command(line).spawn().expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let errors = BufReader::new(child.stderr.take().expect("its errors"));
        let begun = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            output.read_line(&mut line).expect("a line");
            assert_eq!(line, "begun\n");
            Self { child, output, errors }
        });
        begun.await.expect("it begins")
    }

    pub(crate) fn interrupt(&self) {
        let pid = Pid::from_raw(self.child.id().try_into().expect("a number")).expect("a process");
        kill_process(pid, Signal::INT).expect("it is there");
    }

    /// Its reader goes away.
    pub(crate) fn stop_reading(&mut self) {
        let mut other = std::process::Command::new("true").stdout(std::process::Stdio::piped()).spawn().expect("true");
        other.wait().expect("it ends");
        self.output = BufReader::new(other.stdout.take().expect("its output"));
    }

    pub(crate) async fn end(mut self) -> (Option<i32>, String) {
        let ended = tokio::task::spawn_blocking(move || {
            let mut errors = String::new();
            self.errors.read_to_string(&mut errors).expect("text");
            (self.child.wait().expect("it ends").code(), errors)
        });
        ended.await.expect("it ends")
    }
}

#[tokio::test]
async fn an_interrupt_stops_the_command_there() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("wait.sh", "echo begun\nexec tail -f /dev/null\n");
    let running = Running::begin(&fleet, "run -m web-1 -- sh wait.sh").await;
    running.interrupt();
    let (code, errors) = running.end().await;
    assert!(code == Some(130) && errors.contains("stopping it on web-1"), "{code:?} {errors}");
    assert_eq!(fleet.outcome().await, "cancelled");
}

#[tokio::test]
async fn a_second_interrupt_does_not_wait_for_the_end() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("stay.sh", "trap '' INT TERM\necho begun\ntail -f /dev/null\n");
    let mut running = Running::begin(&fleet, "run -m web-1 -- sh stay.sh").await;
    running.interrupt();
    let said = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        running.errors.read_line(&mut line).expect("a line");
        (running, line)
    });
    let (running, line) = said.await.expect("it says so");
    assert!(line.contains("Ctrl-C again"), "{line}");
    running.interrupt();
    let (code, errors) = running.end().await;
    assert!(code == Some(130) && errors.contains("being stopped"), "{code:?} {errors}");
    assert!(errors.contains("diwan command output cmd_"), "{errors}");
}

#[tokio::test]
async fn a_reader_that_goes_away_stops_the_command() {
    let (fleet, bridge) = Fleet::with("web-1").await;
    bridge.script("flood.sh", "echo begun\nexec yes\n");
    let mut running = Running::begin(&fleet, "run -m web-1 -- sh flood.sh").await;
    running.stop_reading();
    let (code, _) = running.end().await;
    assert_eq!(code, Some(141));
    assert_eq!(fleet.outcome().await, "cancelled");
}
