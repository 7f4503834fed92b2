//! Figures: how long a command that does nothing takes, how fast output comes, how much memory it all needs.
//! They are looked at by people: `cargo test --release -p diwan-bridge --test measure -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::time::Duration;

use diwan_protocol::run::Outcome;
use support::bridge::Bridge;
use support::plane::{Plane, now};
use support::talk::exec;

/// A number of `/proc/…/status`, in KiB.
fn status(bridge: &Bridge, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", bridge.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
#[ignore = "figures for people"]
async fn commands_that_do_nothing_and_one_that_says_much() {
    let plane = Plane::start().await;
    let mut bridge = Bridge::joined(&plane).await;
    bridge.start();
    let machine = plane.meet().await;
    let idle = (status(&bridge, "VmRSS"), status(&bridge, "Threads"));
    let mut times: Vec<Duration> = vec![];
    for _ in 0..300 {
        let began = now();
        let heard = machine.run(&plane, exec(&["true"])).await.until_the_end().await;
        times.push(now() - began);
        assert_eq!(heard.outcome(), &Outcome::Exited(0));
    }
    times.sort();
    println!("nothing, one after the other: p50 {:?}, p99 {:?}", times[150], times[297]);
    let began = now();
    for _ in 0..20 {
        let mut talks = vec![];
        for _ in 0..50 {
            talks.push(machine.run(&plane, exec(&["true"])).await);
        }
        for talk in talks {
            assert_eq!(talk.until_the_end().await.outcome(), &Outcome::Exited(0));
        }
    }
    println!("1000 of them, 50 at a time: {:?}", now() - began);
    let busy = (status(&bridge, "VmRSS"), status(&bridge, "VmHWM"));
    const LENGTH: usize = 1 << 30;
    bridge.script("much.sh", &format!("exec head -c {LENGTH} /dev/zero\n"));
    let mut talk = machine.run(&plane, exec(&["sh", "much.sh"])).await;
    talk.until(|heard| heard.started).await;
    let began = now();
    talk.keep_nothing();
    let heard = talk.until_the_end().await;
    assert_eq!(heard.outcome(), &Outcome::Exited(0));
    let took = now() - began;
    println!("1 GiB: {took:?}, {:.0} MiB/s", 1024.0 / took.as_secs_f64());
    println!(
        "KiB resident, threads: idle {idle:?}; KiB resident, peak: after commands {busy:?}, after 1 GiB {:?}",
        (status(&bridge, "VmRSS"), status(&bridge, "VmHWM"))
    );
}
