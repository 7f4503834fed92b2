//! Memory that was needed for a moment goes back to the system.
//!
//! Hashing a password takes 19 MiB for a few hundredths of a second. After the first such block is
//! freed, the C library raises the size from which it maps memory of its own, and from then on keeps
//! what it should give back: six sign-ins at once left 132 MiB resident, and 15 MiB with the size fixed.

/// From this size on, memory is mapped for itself and unmapped when freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_MAPPING_BYTES: libc::c_int = 1024 * 1024;

/// Fixes the size. Called once, before anything else runs.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library offers no other door to its allocator")]
pub fn give_back() {
    // SAFETY: mallopt only sets a number of the allocator, and no other thread runs yet. If it
    // refuses, memory is kept longer and nothing else changes.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_MAPPING_BYTES);
    }
}

/// Other C libraries give it back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}
