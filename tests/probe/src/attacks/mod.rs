//! The attempts, by name.

mod files;
mod kernel;
mod network;
mod processes;
mod resources;

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use crate::{Broken, Done};

/// One attempt: `Ok` says what it could do, `Err` what kept it from that.
type Attempt = fn() -> Done<String>;

/// All of them, in the order of the report.
const ALL: &[(&str, Attempt)] = &[
    ("read_shadow", files::read_shadow),
    ("read_ssh_key", files::read_ssh_key),
    ("read_bridge_key", files::read_bridge_key),
    ("environ_of_process_1", processes::environ_of_process_1),
    ("environ_of_bridge", processes::environ_of_bridge),
    ("memory_of_bridge", processes::memory_of_bridge),
    ("root_of_bridge", processes::root_of_bridge),
    ("program_file_of_process_1", processes::program_file_of_process_1),
    ("list_other_processes", processes::list_others),
    ("kill_other_process", processes::kill_other),
    ("ptrace", processes::ptrace),
    ("process_vm_readv", processes::read_memory_by_call),
    ("better_priority", processes::better_priority),
    ("realtime_priority", processes::realtime_priority),
    ("inherited_descriptors", processes::inherited_descriptors),
    ("metadata_address", network::metadata_address),
    ("lan_address", network::lan_address),
    ("loopback_of_machine", network::loopback_of_machine),
    ("local_socket", network::local_socket),
    ("abstract_socket", network::abstract_socket),
    ("raw_socket", network::raw_socket),
    ("packet_socket", network::packet_socket),
    ("kernel_crypto_socket", network::kernel_crypto_socket),
    ("protocol_that_loads_modules", network::protocol_that_loads_modules),
    ("setuid_program", files::setuid_program),
    ("mount", kernel::mount_anything),
    ("umount", kernel::umount_anything),
    ("remount_writable", kernel::remount_writable),
    ("chroot", kernel::chroot_anywhere),
    ("new_user_namespace", kernel::new_user_namespace),
    ("new_namespace_by_clone3", kernel::clone3),
    ("enter_namespace", kernel::enter_namespace),
    ("io_uring", kernel::io_uring),
    ("bpf", kernel::bpf),
    ("perf_events", kernel::perf_events),
    ("userfaultfd", kernel::userfaultfd),
    ("keyring", kernel::keyring),
    ("add_key", kernel::add_key),
    ("kexec", kernel::kexec),
    ("unload_module", kernel::unload_module),
    ("reboot", kernel::reboot),
    ("open_by_handle", kernel::open_by_handle),
    ("executable_data", kernel::executable_data),
    ("other_call_numbers", kernel::other_call_numbers),
    ("type_into_terminal", kernel::type_into_terminal),
    ("kernel_setting", files::kernel_setting),
    ("control_group", files::control_group),
    ("make_device", files::make_device),
    ("raw_disk_or_memory", files::raw_disk_or_memory),
    ("write_system", files::write_system),
    ("write_over_link", files::write_over_link),
    ("hard_link_to_secret", files::hard_link_to_secret),
    ("exchange_git_hooks", files::exchange_git_hooks),
    ("write_git_config", files::write_git_config),
    ("fork_bomb", resources::fork_bomb),
    ("eat_memory", resources::eat_memory),
    ("long_file", resources::long_file),
    ("fill_scratch", resources::fill_scratch),
];

/// Makes one attempt.
pub(crate) fn attempt(name: &str) -> Done<String> {
    let (_, attempt) = ALL.iter().find(|(known, _)| *known == name).ok_or("no such attempt")?;
    attempt()
}

/// Makes all of them, each in a process of its own, and prints `NAME denied|DONE why` for each.
pub(crate) fn attempt_all() -> Done<String> {
    let own = std::env::current_exe()?;
    for (name, _) in ALL {
        let output = Command::new(&own).args(["try", name]).output()?;
        let said = String::from_utf8_lossy(&output.stdout).trim().replace('\n', " ");
        match (output.status.code(), output.status.signal()) {
            (Some(0), _) => println!("{name} DONE {said}"),
            (Some(1), _) => println!("{name} denied {said}"),
            (_, Some(signal)) => println!("{name} denied killed by signal {signal}"),
            (code, _) => println!("{name} broken {code:?} {said}"),
        }
    }
    Ok(format!("{} attempts", ALL.len()))
}

/// What the test planted for an attempt.
fn planted(name: &str) -> Done<String> {
    Ok(std::env::var(format!("PROBE_{name}")).map_err(|_| Broken(format!("PROBE_{name} is not planted")))?)
}
