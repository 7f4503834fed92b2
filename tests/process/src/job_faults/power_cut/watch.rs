//! Watches the programs while jobs are wanted, until all have ended.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::timeout;

use super::away::Alone;
use super::disk::{Cut, Image, Loss};
use super::record::Record;
use super::{away, calls, journal};
use crate::fleet_faults::dice::Dice;
use crate::job_faults::Stage;
use crate::job_faults::work::Told;
use crate::program::PATIENCE;

/// So many jobs are wanted while the programs are watched.
const JOBS: usize = 40;
/// A journal that is longer is written anew.
const LONG_JOURNAL: usize = 1024 * 1024;

/// Which command carried a job out, by the job's key.
pub(super) type Carried = BTreeMap<String, String>;

/// What was seen.
pub(super) struct Watched {
    pub(super) record: Record,
    pub(super) carried: Carried,
    /// What was told to those who wanted jobs: so many before the programs were watched, and all of it.
    pub(super) before: usize,
    pub(super) told: Vec<Told>,
    /// What ended while the control plane was away, and from which line on it may not be lost any more.
    pub(super) alone: Alone,
    pub(super) kept: usize,
}

pub(super) async fn watch(stage: &mut Stage) -> Watched {
    // What was never used before is used now, and the journal has something to be long with.
    stage.want(1);
    let mut told = stage.answers().await;
    let before = told.len();
    stage.until("every job has ended", async |stage: &Stage| stage.open().await.is_empty()).await;
    let bridge = stage.places[0].machine.state_dir();
    stage.places[0].machine.stop().await;
    lengthen(&bridge.join("journal"));
    stage.places[0].machine.start();
    stage.until("the machine is there", is_connected).await;

    let programs = [stage.server.as_ref().expect("it runs").pid(), stage.places[0].machine.pid()];
    programs.iter().for_each(|program| kill_process(*program, Signal::STOP).expect("it stops"));
    let still = async |_: &Stage| programs.iter().all(|program| stands_still(*program));
    stage.until("both stand still", still).await;
    let mut record = Record::begin(&[stage.data().to_owned(), bridge, stage.steps.root().to_owned()]);
    let trace = tempfile::NamedTempFile::new().expect("room for what is seen");
    let mut strace = calls::watch(&programs, trace.path()).await;
    programs.iter().for_each(|program| kill_process(*program, Signal::CONT).expect("it goes on"));

    while stage.wishes < before + JOBS {
        stage.want_some().await;
    }
    // Whoever looks is told how each stands.
    stage.until("every job has ended", async |stage: &Stage| stage.open().await.is_empty()).await;
    let alone = away::be_away(stage, trace.path()).await;
    told.extend(stage.answers().await);
    stage.until("every job has ended", async |stage: &Stage| stage.open().await.is_empty()).await;
    stage.kill_server().await;
    stage.places[0].machine.kill().await;
    timeout(PATIENCE, strace.wait()).await.expect("strace ends with them").expect("its end is heard");

    let (calls, lines) = calls::read(trace.path(), 0);
    let (_, after) = calls::read(trace.path(), alone.from_byte);
    let kept = alone.kept(&calls, lines - after).expect("it was seen before");
    calls.iter().for_each(|call| record.take(call));
    nothing_was_overlooked(&record, lines);
    let carried = carried(&stage.data().join("diwan.db"));
    Watched { record, carried, before, told, alone, kept }
}

async fn is_connected(stage: &Stage) -> bool {
    stage.api().list("/machines").await.iter().all(|machine| machine["state"] != "offline")
}

/// Says everything that is in a journal again and again, which means the same.
fn lengthen(path: &Path) {
    let bytes = std::fs::read(path).expect("a journal");
    let sound = journal::read(&bytes).sound;
    assert!(sound > 0, "nothing was journaled");
    let long = bytes[..sound].repeat(LONG_JOURNAL / sound + 1);
    std::fs::write(path, long).expect("room");
}

/// Whether every thread of a program is stopped.
fn stands_still(program: Pid) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{}/task", program.as_raw_nonzero())).expect("threads").flatten();
    let states = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
    states.into_iter().all(|stat| stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('T')))
}

/// What is reckoned to be on the disk is what is there.
fn nothing_was_overlooked(record: &Record, lines: usize) {
    let roots: Vec<_> = record.roots.iter().map(|(path, _)| path.clone()).collect();
    let now = Record::begin(&roots);
    let image = |record: &Record, at: usize, loss: Loss| -> Image {
        let mut cut = Cut { line: lines + 1, loss, edge: 0, dice: Dice::new(0) };
        record.disk.image(record.roots[at].1, &mut cut)
    };
    for (at, root) in roots.iter().enumerate() {
        // What the programs were at when they were killed may have come to something or not.
        let reckoned = [Loss::None, Loss::CutOff].map(|loss| image(record, at, loss));
        let found = image(&now, at, Loss::None);
        let names = |image: &Image| image.keys().cloned().collect::<Vec<_>>();
        let may_be = reckoned.each_ref().map(names);
        assert!(may_be.contains(&names(&found)), "in {}: {may_be:?}, not {:?}", root.display(), names(&found));
        for (path, bytes) in &found {
            let is_understood = reckoned.iter().any(|image| image.get(path) == Some(bytes));
            assert!(is_understood, "not understood what was written to {}", path.display());
        }
    }
    assert!(record.writes("diwan.db") > 0, "no checkpoint was seen");
    assert!(record.writes("journal") > 0 && !record.told.is_empty(), "too little was seen");
    assert!(record.began.len() >= JOBS, "only {} steps were seen", record.began.len());
}

fn carried(database: &Path) -> Carried {
    let database = Connection::open(database).expect("a database");
    let sql = "SELECT idempotency_key, command_id, attempt FROM job";
    let mut statement = database.prepare(sql).expect("a statement");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?)));
    let tried_once = |(key, command, attempt)| {
        assert_eq!(attempt, 1, "nothing went wrong");
        (key, command)
    };
    rows.expect("rows").map(|row| tried_once(row.expect("a row"))).collect()
}
