//! Thousands of seeds.

use std::process::Command;

/// What a server held that was killed is given back when its process ends, not before: its parts know each other in
/// circles. So there is another process for every so many seeds.
pub(crate) const PER_PROCESS: u64 = 40;
const STORY: &str = "work::whatever_breaks_no_job_is_lost_and_none_is_done_twice";

/// Runs them in one process after the other, and tells of the seeds that fail.
pub(crate) fn run(seeds: &[u64]) {
    let mut failed = vec![];
    for some in runs(seeds) {
        let mut process = Command::new(std::env::current_exe().unwrap());
        process.args([STORY, "--exact", "--nocapture"]);
        process.env("DIWAN_SIM_FIRST", some.start.to_string());
        process.env("DIWAN_SIM_SEEDS", (some.end - some.start).to_string());
        let done = process.output().unwrap();
        if !done.status.success() {
            eprintln!("{}", String::from_utf8_lossy(&done.stderr));
            failed.push(some.clone());
        }
        eprintln!("{} to {} of {} seeds are done", some.start, some.end - 1, seeds.len());
    }
    assert!(failed.is_empty(), "among these seeds there are some that failed, see above: {failed:?}");
}

/// Seeds that follow each other, as many as one process runs.
fn runs(seeds: &[u64]) -> Vec<std::ops::Range<u64>> {
    let follow = |one: &u64, next: &u64| one + 1 == *next;
    let runs = seeds.chunk_by(follow).flat_map(|run| run.chunks(PER_PROCESS as usize));
    runs.map(|run| run[0]..run[run.len() - 1] + 1).collect()
}
