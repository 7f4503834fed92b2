//! Seccomp: the system calls that no build, test or tool needs, and that attacks on the kernel begin with.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq, Ne};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter, sock_filter,
};

use super::plan::Plan;
use super::steps::{Said, because};

/// Has no name in the library yet; its number is the same everywhere.
const OPEN_TREE_ATTR: libc::c_long = 467;

/// Refused whatever their arguments are.
const NEVER: &[libc::c_long] = &[
    // The file tree.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    OPEN_TREE_ATTR,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    libc::SYS_setns,
    // The kernel itself.
    libc::SYS_bpf,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
    // The clock and the name of the machine.
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

#[cfg(target_arch = "x86_64")]
const NEVER_HERE: &[libc::c_long] = &[
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
    libc::SYS_ustat,
    libc::SYS_sysfs,
    libc::SYS__sysctl,
];
#[cfg(not(target_arch = "x86_64"))]
const NEVER_HERE: &[libc::c_long] = &[];

/// `clone` and `unshare` may not make namespaces: mount, control group, host name, ipc, user, process,
/// network; and time, which only `unshare` knows.
const NAMESPACES: [u64; 7] =
    [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000];
const TIME_NAMESPACE: u64 = 0x80;

/// Typing into a terminal in somebody's name, the console's way to do so, and changing how a terminal's
/// bytes are understood, which loads parts of the kernel.
const OF_TERMINALS: [u64; 3] = [0x5412, 0x541C, 0x5423];

/// What is spoken over internet sockets: whatever fits, ICMP, TCP, UDP, ICMPv6, and TCP over several ways.
/// Asking for others loads parts of the kernel.
const SPOKEN: [u64; 6] = [0, 1, 6, 17, 58, 262];

/// Asks what the personality is, without changing it.
const ONLY_ASKS: u64 = 0xffff_ffff;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type Built<T> = Result<T, seccompiler::BackendError>;

/// Refuses them to this process and all that it starts.
pub(super) fn refuse(plan: &Plan) -> Said {
    let architecture = std::env::consts::ARCH.try_into().map_err(because("no filter for this processor"))?;
    let refusal = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let rules = rules().map_err(because("rules"))?;
    let count = rules.len();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, architecture);
    let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(because("filter"))?;
    apply_filter(&unknown(plan.profile.ours)).map_err(because("seccomp"))?;
    apply_filter(&program).map_err(because("seccomp"))?;
    Ok(format!("{count} system calls"))
}

fn rules() -> Built<Rules> {
    let mut rules: Rules = NEVER.iter().chain(NEVER_HERE).map(|call| (number(*call), vec![])).collect();
    let mut add = |call, all: Vec<Vec<SeccompCondition>>| -> Built<()> {
        rules.insert(number(call), all.into_iter().map(SeccompRule::new).collect::<Built<_>>()?);
        Ok(())
    };
    let new_namespace = |flag| when(0, Qword, MaskedEq(flag), flag);
    let for_clone = NAMESPACES.into_iter().map(|flag| Ok(vec![new_namespace(flag)?]));
    add(libc::SYS_clone, for_clone.collect::<Built<_>>()?)?;
    let for_unshare = NAMESPACES.into_iter().chain([TIME_NAMESPACE]).map(|flag| Ok(vec![new_namespace(flag)?]));
    add(libc::SYS_unshare, for_unshare.collect::<Built<_>>()?)?;
    let of_terminals = OF_TERMINALS.into_iter().map(|code| Ok(vec![when(1, Dword, Eq, code)?]));
    add(libc::SYS_ioctl, of_terminals.collect::<Built<_>>()?)?;
    let changes = vec![when(0, Dword, Ne, 0)?, when(0, Dword, Ne, ONLY_ASKS)?];
    add(libc::SYS_personality, vec![changes])?;
    add(libc::SYS_socket, sockets()?)?;
    let not_local = when(0, Dword, Ne, u64::from(libc::AF_UNIX.unsigned_abs()))?;
    add(libc::SYS_socketpair, vec![vec![not_local]])?;
    add(libc::SYS_mknodat, [devices(2)?, lasting(2)?].concat())?;
    add(libc::SYS_fchmod, lasting(1)?)?;
    add(libc::SYS_fchmodat, lasting(2)?)?;
    add(libc::SYS_fchmodat2, lasting(2)?)?;
    add(libc::SYS_openat, made_lasting(2)?)?;
    #[cfg(target_arch = "x86_64")]
    {
        add(libc::SYS_mknod, [devices(1)?, lasting(1)?].concat())?;
        add(libc::SYS_chmod, lasting(1)?)?;
        add(libc::SYS_creat, lasting(1)?)?;
        add(libc::SYS_open, made_lasting(1)?)?;
    }
    Ok(rules)
}

/// The rights of whoever owns a program, for everybody who starts it: they would hold outside as well.
const LASTING: [u32; 2] = [libc::S_ISUID, libc::S_ISGID];

fn lasting(argument: u8) -> Built<Vec<Vec<SeccompCondition>>> {
    LASTING.into_iter().map(|bit| Ok(vec![when(argument, Dword, MaskedEq(bit.into()), bit.into())?])).collect()
}

/// The same where files are opened: the mode counts only if one is made.
fn made_lasting(flags: u8) -> Built<Vec<Vec<SeccompCondition>>> {
    /// What tells `O_TMPFILE` from a directory that is only opened.
    const TMPFILE: i32 = libc::O_TMPFILE & !libc::O_DIRECTORY;
    let making = [libc::O_CREAT, TMPFILE].map(|flag| u64::from(flag.unsigned_abs()));
    let both = making.into_iter().flat_map(|making| LASTING.map(|bit| (making, u64::from(bit))));
    both.map(|(making, bit)| {
        Ok(vec![when(flags, Dword, MaskedEq(making), making)?, when(flags + 1, Dword, MaskedEq(bit), bit)?])
    })
    .collect()
}

/// Sockets other than local, internet, and the one that asks for routes; and raw ones.
fn sockets() -> Built<Vec<Vec<SeccompCondition>>> {
    let family = |operator, value: i32| when(0, Dword, operator, u64::from(value.unsigned_abs()));
    let raw = || when(1, Dword, MaskedEq(0xf), u64::from(libc::SOCK_RAW.unsigned_abs()));
    let packet = || when(1, Dword, MaskedEq(0xf), 10);
    let others = vec![
        family(Ne, libc::AF_UNIX)?,
        family(Ne, libc::AF_INET)?,
        family(Ne, libc::AF_INET6)?,
        family(Ne, libc::AF_NETLINK)?,
    ];
    let unspoken = |of: i32| -> Built<Vec<SeccompCondition>> {
        let none_of_them = SPOKEN.into_iter().map(|protocol| when(2, Dword, Ne, protocol));
        std::iter::once(family(Eq, of)).chain(none_of_them).collect()
    };
    Ok(vec![
        others,
        unspoken(libc::AF_INET)?,
        unspoken(libc::AF_INET6)?,
        vec![family(Eq, libc::AF_NETLINK)?, when(2, Dword, Ne, 0)?],
        vec![family(Eq, libc::AF_INET)?, raw()?],
        vec![family(Eq, libc::AF_INET6)?, raw()?],
        vec![family(Eq, libc::AF_INET)?, packet()?],
    ])
}

/// Devices of both kinds; other files may be made.
fn devices(argument: u8) -> Built<Vec<Vec<SeccompCondition>>> {
    let kind = |kind: u32| when(argument, Dword, MaskedEq(libc::S_IFMT.into()), kind.into());
    Ok(vec![vec![kind(libc::S_IFCHR)?], vec![kind(libc::S_IFBLK)?]])
}

fn when(argument: u8, length: SeccompCmpArgLen, operator: SeccompCmpOp, value: u64) -> Built<SeccompCondition> {
    SeccompCondition::new(argument, length, operator, value)
}

#[allow(clippy::useless_conversion, reason = "a number of a call is longer or shorter, as the system is")]
fn number(call: libc::c_long) -> i64 {
    i64::from(call)
}

/// Calls that pretend not to exist: `clone3`, whose flags no filter can read, so that libraries use
/// `clone`; `openat2` for the same reason, but for our own program; those of the other numbering of x86-64, which
/// would be ways around the rules; and whatever is newer than the list of calls was when it was written.
fn unknown(ours: bool) -> [sock_filter; 6] {
    const LOAD_NUMBER: u16 = 0x20;
    const AT_LEAST: u16 = 0x35;
    const EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    const CLONE3: u32 = 435;
    const OPENAT2: u32 = 437;
    /// The first number after `file_setattr`.
    const NEWER: u32 = 470;
    let line = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    let no_such_call = 0x0005_0000 | libc::ENOSYS.unsigned_abs();
    [
        line(LOAD_NUMBER, 0, 0, 0),
        line(AT_LEAST, 3, 0, NEWER),
        line(EQUAL, 2, 0, CLONE3),
        line(EQUAL, 1, 0, if ours { CLONE3 } else { OPENAT2 }),
        line(RETURN, 0, 0, 0x7fff_0000),
        line(RETURN, 0, 0, no_such_call),
    ]
}
