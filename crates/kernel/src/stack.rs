//! The stack keeps what lay on it until something else lies there: the copies of a key that were made on the
//! way, by us and by the libraries that work with it. So it is done with a key below a line, and what is
//! below the line is wiped afterwards. The heap is left to the allocator of the program.

use std::hint::black_box;

/// Deeper than anything that is done with a key.
const BYTES: usize = 32 * 1024;

/// Does something, and wipes what that left on the stack. What it gives must lie on the heap.
pub fn cleanly<T>(work: impl FnOnce() -> T) -> T {
    let done = below(work);
    wipe();
    done
}

#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn wipe() {
    black_box(&mut [0_u8; BYTES]);
}
