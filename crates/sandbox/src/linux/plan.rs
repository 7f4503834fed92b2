//! What the launcher is told: the profile, the layers, and the control groups that were made for it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::wire::{self, Field};
use crate::layers::Layer;
use crate::profile::{Limits, Network, Profile, User};

/// All that the launcher knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) profile: Profile,
    /// Layers to put on; the failure of one ends the start.
    pub(super) layers: Vec<Layer>,
    /// Whether the layers are only tried one by one, and no program is started.
    pub(super) probe: bool,
    /// The file that takes a process into its control group for memory.
    pub(super) memory_door: Option<PathBuf>,
    /// The same for the number of processes.
    pub(super) processes_door: Option<PathBuf>,
}

impl Plan {
    pub(super) fn has(&self, layer: Layer) -> bool {
        self.layers.contains(&layer)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![];
        let profile = &self.profile;
        put_path(&mut bytes, "program", &profile.program);
        put_path(&mut bytes, "directory", &profile.directory);
        profile.arguments.iter().for_each(|argument| wire::put(&mut bytes, "argument", argument.as_bytes()));
        for (name, value) in &profile.environment {
            wire::put(&mut bytes, "variable", &[name.as_bytes(), b"=", value.as_bytes()].concat());
        }
        profile.readable.iter().for_each(|path| put_path(&mut bytes, "readable", path));
        profile.writable.iter().for_each(|path| put_path(&mut bytes, "writable", path));
        profile.protected.iter().for_each(|path| put_path(&mut bytes, "protected", path));
        for (name, text) in &profile.given {
            wire::put(&mut bytes, "given", &[name.as_bytes(), b"=", text.as_bytes()].concat());
        }
        self.memory_door.iter().for_each(|path| put_path(&mut bytes, "memory_door", path));
        self.processes_door.iter().for_each(|path| put_path(&mut bytes, "processes_door", path));
        self.layers.iter().for_each(|layer| wire::put(&mut bytes, "layer", layer.name().as_bytes()));
        self.put_numbers(&mut bytes);
        bytes
    }

    fn put_numbers(&self, bytes: &mut Vec<u8>) {
        let (profile, limits) = (&self.profile, &self.profile.limits);
        let numbers = [
            ("network", (profile.network == Network::Host).then_some(1)),
            ("ours", profile.ours.then_some(1)),
            ("terminal", profile.terminal.then_some(1)),
            ("probe", self.probe.then_some(1)),
            ("uid", profile.user.map(|user| user.uid.into())),
            ("gid", profile.user.map(|user| user.gid.into())),
            ("cpu_seconds", limits.cpu_seconds),
            ("memory_bytes", limits.memory_bytes),
            ("processes", limits.processes),
            ("open_files", limits.open_files),
            ("file_bytes", limits.file_bytes),
            ("scratch_bytes", Some(limits.scratch_bytes)),
        ];
        for (name, number) in numbers.into_iter().filter_map(|(name, number)| Some((name, number?))) {
            wire::put(bytes, name, number.to_string().as_bytes());
        }
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let fields = wire::fields(bytes);
        let all = |name| fields.iter().filter(move |field| field.name == name);
        let paths = |name| all(name).map(path).collect::<Vec<_>>();
        let one = |name| all(name).next().map(path).unwrap_or_default();
        let number = |name| all(name).next().and_then(Field::number);
        let small = |name| number(name).and_then(|number| u32::try_from(number).ok());
        let profile = Profile {
            program: one("program"),
            arguments: all("argument").map(|field| text(&field.value)).collect(),
            environment: all("variable").filter_map(|field| variable(&field.value)).collect(),
            directory: one("directory"),
            readable: paths("readable"),
            writable: paths("writable"),
            given: all("given").filter_map(|field| given(&field.value)).collect(),
            protected: paths("protected"),
            network: if number("network").is_some() { Network::Host } else { Network::None },
            ours: number("ours").is_some(),
            terminal: number("terminal").is_some(),
            limits: Limits {
                cpu_seconds: number("cpu_seconds"),
                memory_bytes: number("memory_bytes"),
                processes: number("processes"),
                open_files: number("open_files"),
                file_bytes: number("file_bytes"),
                scratch_bytes: number("scratch_bytes").unwrap_or_default(),
            },
            user: small("uid").zip(small("gid")).map(|(uid, gid)| User { uid, gid }),
        };
        let layers = all("layer").filter_map(|field| Layer::named(&field.text())).collect();
        let door = |name| all(name).next().map(path);
        let (memory_door, processes_door) = (door("memory_door"), door("processes_door"));
        Self { profile, layers, probe: number("probe").is_some(), memory_door, processes_door }
    }
}

fn put_path(bytes: &mut Vec<u8>, name: &str, path: &std::path::Path) {
    wire::put(bytes, name, path.as_os_str().as_bytes());
}

fn path(field: &Field) -> PathBuf {
    PathBuf::from(text(&field.value))
}

fn text(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

fn given(bytes: &[u8]) -> Option<(String, String)> {
    let (name, text) = std::str::from_utf8(bytes).ok()?.split_once('=')?;
    Some((name.to_owned(), text.to_owned()))
}

fn variable(bytes: &[u8]) -> Option<(OsString, OsString)> {
    let middle = bytes.iter().position(|byte| *byte == b'=')?;
    let (name, value) = bytes.split_at(middle);
    Some((text(name), OsStr::from_bytes(value.get(1..)?).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_arrives_as_it_was_sent() {
        let mut profile = Profile::new("/bin/sh", "/work");
        profile.arguments = vec!["-c".into(), "".into(), OsString::from_vec(b"\xff\n".to_vec())];
        profile.environment = vec![("A".into(), "b=c".into()), ("E".into(), "".into())];
        profile.writable = vec!["/work".into()];
        profile.given = vec![("a.sh".into(), "x=1\n\u{1}é".into()), ("empty".into(), String::new())];
        profile.network = Network::Host;
        profile.user = Some(User { uid: 7, gid: 8 });
        profile.limits.cpu_seconds = None;
        let (memory_door, processes_door) = (Some("/g/cgroup.procs".into()), None);
        let plan = Plan { profile, layers: Layer::ALL.to_vec(), probe: true, memory_door, processes_door };
        assert_eq!(Plan::from_bytes(&plan.to_bytes()), plan);
    }
}
