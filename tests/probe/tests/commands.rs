//! What commands may count on in the sandbox, whoever the bridge is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

mod support;

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Stdio;

use support::{Bridge, Machine, NOBODY, bridges, is_root, text};

/// The output of a script that has to end well.
fn out(machine: &Machine, options: &[&str], script: &str) -> String {
    let output = machine.shell(options, script);
    assert!(output.status.success(), "{script}: {} {}", machine.outcome(), text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

#[test]
fn every_layer_stands_on_this_machine() {
    for bridge in [Bridge::Root, Bridge::User] {
        let machine = Machine::new(bridge);
        out(&machine, &[], "true");
        let layers = machine.layers();
        let not_needed = match bridge {
            Bridge::Root => ["user namespace", "-"],
            Bridge::User => ["control group for memory", "control group for processes"],
        };
        for line in layers.lines() {
            let (name, state) = line.split_once(": ").unwrap();
            assert!(state.starts_with("true") || not_needed.contains(&name), "this machine cannot show: {line}");
        }
        assert!(layers.contains("landlock: true V"), "{layers}");
    }
}

#[test]
fn output_errors_and_input_pass_through() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let mut command = machine.inside(&[], &["/bin/sh", "-c", "tr a-z A-Z; echo oops >&2"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"hello").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(text(&output.stdout).starts_with("HELLO"), "{}", machine.outcome());
        assert_eq!(text(&output.stderr), "oops\n");
    }
}

#[test]
fn what_it_is_given_lies_ready_and_nobody_writes_to_it() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let given = ["--given", "a.sh=echo \"$1\" = \"$0\"\n# مرحبا", "--given", "empty="];
        let script = "cd ~/.given && sh a.sh x && cat a.sh && test ! -s empty && ls -A && echo x > a.sh || echo kept";
        let said = out(&machine, &given, script);
        assert_eq!(said, "x = a.sh\necho \"$1\" = \"$0\"\n# مرحباa.sh\nempty\nkept", "{}", machine.outcome());
        assert_eq!(out(&machine, &[], "ls -A ~"), "");
    }
}

#[test]
fn codes_and_signals_come_back_as_they_were() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        for (script, end) in [
            ("exit 0", "Exited(0)"),
            ("exit 7", "Exited(7)"),
            ("exit 137", "Exited(137)"),
            ("kill -9 $$", "Signalled(9)"),
            ("kill -TERM $$", "Signalled(15)"),
            ("kill -SEGV $$", "Signalled(11)"),
            ("kill -35 $$", "Signalled(35)"),
        ] {
            machine.shell(&[], script);
            assert!(machine.outcome().contains(end), "{script}: {}", machine.outcome());
        }
    }
}

#[test]
fn what_cannot_be_started_is_refused_and_says_why() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        machine.inside(&[], &["/usr/bin/no-such-program"]).output().unwrap();
        assert!(machine.outcome().contains("refused: the program could not be started"), "{}", machine.outcome());
        machine.shell(&["--directory", "/nowhere"], "true");
        assert!(machine.outcome().contains("refused") && machine.outcome().contains("working directory"));
        machine.shell(&["--writable", "/nowhere/at/all"], "true");
        assert!(machine.outcome().contains("refused") && machine.outcome().contains("/nowhere/at/all"));
    }
}

#[test]
fn a_root_that_is_reached_over_a_link_is_refused() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let link = machine.root.join("link");
        std::os::unix::fs::symlink("/usr", &link).unwrap();
        machine.shell(&["--writable", link.to_str().unwrap()], "true");
        assert!(machine.outcome().contains("refused"), "{}", machine.outcome());
        machine.shell(&["--readable", link.join("bin").to_str().unwrap()], "true");
        assert!(machine.outcome().contains("refused"), "{}", machine.outcome());
    }
}

#[test]
fn roots_that_would_uncover_the_machine_are_refused() {
    let machine = Machine::new(Bridge::User);
    for root in [
        "/",
        "/proc",
        "/proc/1",
        "/dev",
        "/sys/fs/cgroup",
        "/tmp",
        "/home",
        "/usr/../root",
        "relative",
        "/var",
        "/var/tmp",
    ] {
        machine.shell(&["--writable", root], "true");
        assert!(machine.outcome().contains("refused"), "{root}: {}", machine.outcome());
    }
}

#[test]
fn nothing_runs_as_root() {
    let machine = Machine::new(Bridge::Root);
    machine.shell(&["--user", "0", "0"], "true");
    assert!(machine.outcome().contains("refused"), "{}", machine.outcome());
    assert_eq!(out(&machine, &[], "id -u; id -G"), format!("{NOBODY}\n{NOBODY}"));
}

#[test]
fn the_writable_root_the_scratch_and_the_home_can_be_written() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let script = "echo new > made && mkdir -p a/b && mv made a/b/ && echo x > /tmp/y && echo z > ~/z \
                      && echo m > /dev/shm/m && mkfifo a/pipe && ln -s a c && cat c/b/made";
        assert_eq!(out(&machine, &[], script), "new");
        assert_eq!(std::fs::read_to_string(machine.root.join("a/b/made")).unwrap(), "new\n");
        assert_eq!(
            out(&machine, &[], "ls -A /tmp ~ /dev/shm | grep -c '^[yzm]$' || true"),
            "0",
            "scratch is new each time"
        );
    }
}

#[test]
fn a_root_may_lie_where_the_sandbox_has_something_of_its_own_around_it() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        for around in ["/var/tmp", "/tmp", "/var", "/run", "/opt", "/home"] {
            let Ok(directory) = tempfile::tempdir_in(around) else { continue };
            let deep = directory.path().join("deep/er");
            std::fs::create_dir_all(&deep).unwrap();
            for path in [directory.path(), deep.as_path()] {
                std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
            }
            let script = format!("echo x > {}/made && echo y > /tmp/y && echo z > /var/tmp/z", deep.display());
            out(&machine, &["--writable", deep.to_str().unwrap()], &script);
            assert!(deep.join("made").exists());
        }
    }
}

#[test]
fn what_decides_what_runs_later_is_read_only() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let script = "for f in .git/hooks/x .git/config .vscode/tasks.json; do echo x 2>/dev/null >> $f && echo wrote $f; done; \
                      mv .git .old 2>/dev/null && echo moved; mv .vscode .old 2>/dev/null && echo moved; \
                      echo x > .git/objects/new && echo objects";
        assert_eq!(out(&machine, &[], &format!("{script}; true")), "objects");
    }
}

#[test]
fn what_decides_what_runs_later_is_read_only_in_projects_below_the_root_too() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let projects = ["shop", "team/deep/app", "shop/vendored"];
        for project in projects {
            for name in [".git/hooks", ".git/objects", ".vscode"] {
                std::fs::create_dir_all(machine.root.join(project).join(name)).unwrap();
            }
            std::fs::write(machine.root.join(project).join(".git/config"), "[core]\n").unwrap();
        }
        open_to_all(&machine.root);
        let script = format!(
            "for p in {}; do for f in .git/hooks/x .git/config .vscode/x; do echo x 2>/dev/null >> $p/$f && echo wrote $p/$f; done; \
             mv $p/.git $p/.old 2>/dev/null && echo moved $p/.git; mv $p ${{p}}2 2>/dev/null && echo moved $p; \
             echo x > $p/.git/objects/new || echo no objects; done; mkdir -p new/.git && echo made",
            projects.join(" ")
        );
        assert_eq!(out(&machine, &[], &script), "made");
    }
}

/// As if whoever commands run as had made all of it.
fn open_to_all(path: &std::path::Path) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    for entry in std::fs::read_dir(path).unwrap().flatten().filter(|entry| entry.file_name() != "bin") {
        match entry.file_type().unwrap().is_dir() {
            true => open_to_all(&entry.path()),
            false => std::fs::set_permissions(entry.path(), PermissionsExt::from_mode(0o666)).unwrap(),
        }
    }
}

#[test]
fn no_program_is_left_that_runs_with_somebody_elses_rights() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let script = r#"cp /bin/true a && for bits in 4755 2755 u+s g+s; do chmod $bits a 2>/dev/null && echo chmod $bits; done
            /usr/bin/install -m 6755 /bin/true b 2>/dev/null && echo install
            /usr/bin/python3 - <<'END'
import ctypes, os
for flags in (os.O_CREAT | os.O_WRONLY, os.O_TMPFILE | os.O_WRONLY):
    try:
        os.open("c" if flags & os.O_CREAT else ".", flags, 0o4755)
        print("open", flags)
    except OSError:
        pass
libc = ctypes.CDLL(None, use_errno=True)
how = (ctypes.c_uint64 * 3)(os.O_CREAT | os.O_WRONLY, 0o4755, 0)
print("openat2", libc.syscall(437, -100, b"d", how, 24), ctypes.get_errno())
print("fchmodat2", libc.syscall(452, -100, b"a", 0o4755, 0))
open("plain", "w").close()
os.chmod("plain", 0o1755)
END
            test -x plain && echo plain"#;
        assert_eq!(out(&machine, &[], script), "openat2 -1 38\nfchmodat2 -1\nplain");
    }
}

#[test]
fn streams_can_be_opened_by_their_names() {
    // A bridge makes its own pipes; these are the test's, which only root can give away.
    for &bridge in bridges().iter().filter(|bridge| **bridge == Bridge::Root || !is_root()) {
        let machine = Machine::new(bridge);
        assert_eq!(out(&machine, &[], "echo said > /dev/stdout; echo x > /dev/stderr || echo refused"), "said");
    }
}

#[test]
fn a_file_that_says_where_the_repository_is_stays_as_it_is() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        std::fs::rename(machine.root.join(".git"), machine.root.join("elsewhere")).unwrap();
        std::fs::write(machine.root.join(".git"), "gitdir: elsewhere\n").unwrap();
        std::fs::set_permissions(machine.root.join(".git"), PermissionsExt::from_mode(0o666)).unwrap();
        let script = "echo x 2>/dev/null > .git || mv .git .old 2>/dev/null || rm -f .git 2>/dev/null || echo kept";
        assert_eq!(out(&machine, &[], script), "kept");
    }
}

#[test]
fn git_and_python_work() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        for program in ["/usr/bin/git", "/usr/bin/python3"] {
            assert!(
                std::path::Path::new(program).exists(),
                "this machine cannot show that {program} works: it has none"
            );
        }
        assert!(out(&machine, &[], "/usr/bin/git status --short").contains("?? file"));
        assert!(out(&machine, &[], "/usr/bin/git add file && /usr/bin/git -c user.name=a -c user.email=b commit -qm c && /usr/bin/git log --oneline").ends_with(" c"));
        assert_eq!(
            out(
                &machine,
                &[],
                "/usr/bin/python3 -c 'import ssl, subprocess, threading; print(subprocess.check_output([\"echo\", \"1\"]))'"
            ),
            "b'1\\n'"
        );
    }
}

#[test]
fn programs_talk_to_themselves_over_the_loopback() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let script = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname()); print('met')";
        assert_eq!(out(&machine, &[], &format!("/usr/bin/python3 -c \"{script}\"")), "met");
    }
}

#[test]
fn the_network_of_the_machine_is_there_if_asked_for() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let probe = machine.probe.display().to_string();
        let output = machine.inside(&["--network"], &[&probe, "try", "loopback_of_machine"]).output().unwrap();
        assert!(text(&output.stdout).starts_with("connected"), "{} {}", text(&output.stdout), machine.outcome());
        // Local sockets without a path stay out of reach even so.
        let output = machine.inside(&["--network"], &[&probe, "try", "abstract_socket"]).output().unwrap();
        assert!(!text(&output.stdout).starts_with("connected"), "{}", text(&output.stdout));
    }
}

#[test]
fn the_environment_is_made_from_scratch() {
    let machine = Machine::new(Bridge::User);
    let mut command = machine.inside(&["--env", "GIVEN=yes"], &["/usr/bin/env"]);
    let environment = text(&command.env("SECRET_OF_BRIDGE", "x").output().unwrap().stdout);
    assert!(environment.contains("GIVEN=yes") && environment.contains("HOME=/home/sandbox"));
    assert!(!environment.contains("SECRET_OF_BRIDGE") && !environment.contains("CARGO"), "{environment}");
}

#[test]
fn processes_that_are_left_behind_die_with_the_program() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        // The pipe of the output ends only when nobody holds it any more.
        let script = "setsid sh -c 'trap \"\" HUP TERM; while :; do read x < /dev/zero; done' & setsid cat /dev/zero >/dev/null & exit 3";
        machine.shell(&[], script);
        assert!(machine.outcome().contains("Exited(3)"), "{}", machine.outcome());
    }
}

#[test]
fn orphans_are_reaped() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let script = "for i in 1 2 3 4 5; do (sh -c 'exit 0' &) ; done; i=0; \
                      while ps -eo stat | grep -q '^Z'; do i=$((i+1)); [ $i -gt 2000 ] && exit 9; done; echo none";
        assert_eq!(out(&machine, &[], script), "none");
    }
}

#[test]
fn a_signal_to_the_command_reaches_the_program() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        // The bridge in small is replaced by the launcher's parent: the signal goes to the launcher itself.
        let script = "trap 'echo caught; exit 4' TERM; echo ready; while :; do :; done";
        let mut command = machine.inside(&[], &["/bin/sh", "-c", script]);
        let mut child = command.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut ready = [0; 6];
        output.read_exact(&mut ready).unwrap();
        let launcher = children_of(child.id()).into_iter().next().unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(launcher), nix::sys::signal::Signal::SIGTERM).unwrap();
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        child.wait().unwrap();
        assert!(rest.starts_with("caught"), "{rest}");
        assert!(machine.outcome().contains("Exited(4)"), "{}", machine.outcome());
    }
}

#[test]
fn when_the_bridge_or_the_launcher_is_killed_everything_dies() {
    for (bridge, victim) in bridges().iter().flat_map(|bridge| [(*bridge, 0), (*bridge, 1)]) {
        let machine = Machine::new(bridge);
        let script = "(trap '' TERM HUP INT; exec cat /dev/zero > /dev/null) & echo ready; wait";
        let mut command = machine.inside(&[], &["/bin/sh", "-c", script]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut ready = [0; 6];
        output.read_exact(&mut ready).unwrap();
        if victim == 0 {
            child.kill().unwrap();
        } else {
            let launcher = children_of(child.id()).into_iter().next().unwrap();
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(launcher), nix::sys::signal::Signal::SIGKILL).unwrap();
        }
        // It ends when the last process that holds it is gone: if one stayed, this test would never end.
        output.read_to_end(&mut vec![]).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal().is_some(), victim == 0);
    }
}

fn children_of(pid: u32) -> Vec<i32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    text.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

#[test]
fn what_was_used_comes_back() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        let probe = machine.probe.display().to_string();
        machine.inside(&[], &[&probe, "eat", "100000000"]).output().unwrap();
        let outcome = machine.outcome();
        let bytes = outcome.split("memory_bytes: ").nth(1).and_then(|rest| rest.split(',').next()?.parse::<u64>().ok());
        assert!(bytes.unwrap() >= 100_000_000, "{outcome}");
    }
}

#[test]
fn too_much_processor_time_ends_the_program() {
    for &bridge in bridges() {
        let machine = Machine::new(bridge);
        machine.shell(&["--cpu", "1"], "while :; do :; done");
        assert!(machine.outcome().contains("Signalled(9)"), "{}", machine.outcome());
    }
}

#[test]
fn a_kill_by_the_memory_limit_is_told() {
    let machine = Machine::new(Bridge::Root);
    let probe = machine.probe.display().to_string();
    machine.inside(&["--memory", "67108864"], &[&probe, "eat", "200000000"]).output().unwrap();
    let outcome = machine.outcome();
    assert!(outcome.contains("Signalled(9)") && outcome.contains("memory_kills: Some(1)"), "{outcome}");
}
