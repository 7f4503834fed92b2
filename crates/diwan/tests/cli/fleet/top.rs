//! `diwan top`.

use std::process::{Command, Stdio};

use super::Fleet;

#[tokio::test]
async fn without_a_terminal_it_prints_how_they_are_and_ends() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let once = fleet.desk.run("top").await;
    assert!(once.code == 0 && once.out.contains("● web-1"), "{} {}", once.out, once.err);
    let once = fleet.desk.json("top web-1").await;
    assert_eq!(once["items"][0]["name"], "web-1");
}

#[tokio::test]
async fn on_a_terminal_it_fills_the_screen_and_gives_it_back() {
    let (fleet, _bridge) = Fleet::with("web-1").await;
    let token = fleet.token(&["machines.read", "profile.self"]).await;
    let mut command = Command::new("script");
    let line = format!("stty cols 100 rows 30; exec {} top", env!("CARGO_BIN_EXE_diwan"));
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.env_clear().env("TERM", "xterm-256color").env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh");
    command.env("DIWAN_SERVER", &fleet.desk.server).env("DIWAN_TOKEN", token).env("HOME", fleet.desk.home.path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script is there");
    let mut input = child.stdin.take().expect("its input");
    std::io::Write::write_all(&mut input, b"\r").expect("it reads");
    let mut output = child.stdout.take().expect("its output");
    let read = tokio::task::spawn_blocking(move || {
        let (mut seen, mut buffer, mut is_told) = (String::new(), [0; 4096], false);
        loop {
            let count = std::io::Read::read(&mut output, &mut buffer).unwrap_or_default();
            seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
            if count == 0 {
                return seen;
            }
            if !is_told && seen.contains("q quit") {
                is_told = true;
                std::io::Write::write_all(&mut input, b"q").expect("it reads");
            }
        }
    });
    let seen = read.await.expect("it was read");
    assert!(child.wait().expect("it ends").success(), "{seen}");
    assert!(seen.contains("\u{1b}[?1049h") && seen.contains("web-1"), "{seen}");
    assert!(seen.trim_end().ends_with("\u{1b}[?25h") || seen.contains("\u{1b}[?1049l"), "it is given back: {seen}");
}
