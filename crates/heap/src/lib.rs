//! The memory of the programs: how it is handed out, and how it goes back to the system.
//!
//! What is here: the allocator that leaves nothing behind ([`Wiping`]), and what the C library is told about its
//! heap.
//!
//! What it deliberately does not know: who needs memory for what.
//!
//! Start at [`wiping`] for what becomes of what is freed.
// Denied rather than forbidden: an allocator hands out memory, and each place says why it may.
#![deny(unsafe_code)]

pub mod wiping;

pub use wiping::Wiping;

/// Gives back what nothing needs now. After its start that is a third of what a control plane has (12 of 41 MiB),
/// most of it from putting the description of the API together.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library offers no other door to its allocator")]
pub fn give_back() {
    unsafe extern "C" {
        fn malloc_trim(kept: usize) -> std::ffi::c_int;
    }
    // SAFETY: it only returns pages of the heap in which nothing lies.
    unsafe {
        malloc_trim(0);
    }
}

/// Has all threads share one heap: for a program whose threads rarely ask at the same time. Otherwise each of those
/// that wait for files and processes has one of its own, and keeps what lies in it: half a megabyte each.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library offers no other door to its allocator")]
pub fn share_one() {
    const M_ARENA_MAX: std::ffi::c_int = -8;
    unsafe extern "C" {
        fn mallopt(what: std::ffi::c_int, value: std::ffi::c_int) -> std::ffi::c_int;
    }
    // SAFETY: it sets a number that is read when a thread asks for its first memory.
    unsafe {
        mallopt(M_ARENA_MAX, 1);
    }
}

/// Other C libraries give it back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}

/// Other C libraries have one heap.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn share_one() {}
