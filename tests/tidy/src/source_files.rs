//! The shape of source files.

use crate::repository::{expect_nothing, files_below, files_ending, read};

const MOST_LINES: usize = 600;

/// Crates that only deny it, and say at each place why they need it: one is an allocator. The list may only shrink.
const SAYS_WHY_NOT: &[&str] = &["crates/heap/src/lib.rs"];

#[test]
fn every_crate_forbids_unsafe_code() {
    let roots = files_ending("crates", &["src/lib.rs", "src/main.rs"])
        .into_iter()
        .chain(files_ending("tests", &["src/lib.rs"]));
    let forbids =
        |path: &String| read(path).contains("#![forbid(unsafe_code)]") || SAYS_WHY_NOT.contains(&path.as_str());
    let wrong: Vec<_> = roots.filter(|path| !forbids(path)).collect();
    expect_nothing(&wrong, "Crates that do not forbid unsafe code");
}

#[test]
fn every_module_opens_with_a_sentence_about_itself() {
    let sources = files_ending("crates", &[".rs"]).into_iter().chain(files_ending("tests", &[".rs"]));
    let wrong: Vec<_> = sources.filter(|path| !read(path).trim_start().starts_with("//!")).collect();
    expect_nothing(&wrong, "Modules that do not say what they are");
}

#[test]
fn no_source_file_is_longer_than_can_be_kept_in_mind() {
    let endings = [".rs", ".ts", ".tsx", ".mjs", ".css", ".sh"];
    let folders = ["crates", "web", "tests", "scripts", "bench"];
    let sources = folders.iter().flat_map(|folder| files_ending(folder, &endings));
    let written = sources.filter(|path| !path.ends_with("schema.d.ts"));
    let long = written.map(|path| (read(&path).lines().count(), path)).filter(|(lines, _)| *lines > MOST_LINES);
    let wrong: Vec<_> = long.map(|(lines, path)| format!("{path}: {lines} lines")).collect();
    expect_nothing(&wrong, "Files above 600 lines");
}

/// Files of tests that let real time pass, and why that is no waiting for something. The list may only shrink.
const SLOW_ON_PURPOSE: &[(&str, &str)] = &[
    ("crates/diwan/tests/edge.rs", "a client that is slow"),
    ("crates/server/tests/edge/things.rs", "handlers that take long, for tests that hold the clock"),
    ("tests/process/src/crash.rs", "how long a program lives until it is killed"),
    ("tests/process/src/fleet_faults.rs", "when a fault strikes, and how often it is looked from outside"),
    ("tests/process/src/fleet_faults/proxy.rs", "a network that is slow"),
    ("tests/process/src/job_faults.rs", "when a fault strikes, and how often it is looked from outside"),
    ("tests/process/src/job_faults/work.rs", "a step that takes its time, so that it can be killed in its middle"),
    ("tests/process/src/rekey.rs", "how long a program lives until it is killed"),
];

#[test]
fn no_test_waits_for_time_to_pass() {
    let tests = files_ending("crates", &[".rs"]).into_iter().filter(|path| path.contains("/tests/"));
    let programs = files_ending("tests", &[".rs", ".mjs"]).into_iter().filter(|path| !path.contains("/tidy/"));
    let dashboard = files_ending("web/src", &[".test.ts", ".test.tsx"]);
    let waits = ["sleep(", "setTimeout", "waitForTimeout", "timers/promises"];
    // Where the test holds the clock, time is nothing that anybody waits for.
    let holds_the_clock = ["start_paused", "turmoil", "useFakeTimers"];
    let allowed = |path: &str| SLOW_ON_PURPOSE.iter().any(|(file, _)| *file == path);
    let mut wrong = vec![];
    for path in tests.chain(programs).chain(dashboard).filter(|path| !allowed(path)) {
        let text = read(&path);
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if has(&waits) && !has(&holds_the_clock) {
            wrong.push(path);
        }
    }
    expect_nothing(&wrong, "Tests that wait for time to pass instead of for what happens");
}

#[test]
fn scripts_stop_at_the_first_error_and_build_no_command_from_text() {
    let scripts = files_below("scripts").into_iter().chain(files_below(".ci")).filter(|path| !path.ends_with(".mjs"));
    let mut wrong = vec![];
    for path in scripts {
        let text = read(&path);
        if !text.contains("set -euo pipefail") && !text.contains("/lib.sh\"") {
            wrong.push(format!("{path} goes on after an error"));
        }
        let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        if code.into_iter().any(|line| line.contains("eval ") || line.contains("sh -c")) {
            wrong.push(format!("{path} runs text as a command"));
        }
    }
    expect_nothing(&wrong, "Scripts");
}

#[test]
fn nothing_starts_other_programs() {
    let sources = files_ending("crates", &[".rs"]).into_iter().filter(|path| path.contains("/src/"));
    let starts = |path: &String| {
        let text = read(path);
        let named = |(at, _): (usize, &str)| !text[..at].ends_with(char::is_alphanumeric);
        text.contains("process::Command") || text.match_indices("Command::new(").any(named)
    };
    // `diwan login` opens the page where its person approves: one program, one argument, no shell.
    let browser = "crates/diwan/src/cli/browser.rs";
    // `diwan up` starts its own program once more, as the bridge of its machine.
    let this_machine = "crates/diwan/src/compose/this_machine.rs";
    // What a machine was commanded starts in the sandbox, or where its owner's policy lets it out of that.
    let allowed = ["crates/testkit/", "crates/sandbox/", "crates/bridge/src/execute/", browser, this_machine];
    let ours = sources.filter(|path| !allowed.iter().any(|room| path.starts_with(room)));
    let wrong: Vec<_> = ours.filter(starts).collect();
    expect_nothing(&wrong, "Files that start other programs");
}

#[test]
fn the_dashboard_never_sets_markup_from_text() {
    let sources = files_ending("web/src", &[".ts", ".tsx"]);
    let risky = ["dangerouslySetInnerHTML", ".innerHTML", "document.write", "eval(", "new Function("];
    let wrong: Vec<_> = sources.into_iter().filter(|path| risky.iter().any(|word| read(path).contains(word))).collect();
    expect_nothing(&wrong, "Files that set markup from text");
}

#[test]
fn nothing_that_runs_in_the_simulation_chooses_by_lot() {
    // Of several things that are ready, `select!` takes one by dice of its own, unless it is told the order.
    let sources = files_ending("crates", &[".rs"]).into_iter().filter(|path| path.contains("/src/"));
    let outside = |path: &str| ["crates/diwan/src/cli/", "crates/client/"].iter().any(|dir| path.starts_with(dir));
    let mut wrong = vec![];
    for path in sources.filter(|path| !outside(path)) {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (number, _) in lines.iter().enumerate().filter(|(_, line)| line.ends_with("select! {")) {
            let first = lines[number + 1..].iter().find(|line| !line.starts_with("//"));
            if first != Some(&"biased;") {
                wrong.push(format!("{path}:{}", number + 1));
            }
        }
    }
    expect_nothing(&wrong, "Choices without an order (`biased;`)");
}
