//! What is freed keeps nothing: it is wiped, or it goes back to the system.
//!
//! Secrets pass through many hands that know nothing of them: buffers of connections, JSON, strings that
//! grow. So it is not left to those who held a block, but done by the allocator, whatever was in it.
//!
//! It takes two or three hundredths more processor time for a request that does nearly nothing, and what
//! cannot be seen for one that writes.
//!
//! Large blocks are mapped for themselves. Hashing a password takes 19 MiB for a few hundredths of a
//! second; the C library begins to keep such blocks after the first one: six sign-ins at once left
//! 132 MiB resident, and 15 MiB in this way.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// From this size on, a block is a mapping of its own, which ends when it is freed.
const MAPPED_BYTES: usize = 1024 * 1024;
/// Where mappings begin at least: no system has smaller pages.
const PAGE_BYTES: usize = 4096;

/// The system's allocator, but for what it leaves in memory.
#[derive(Debug)]
pub struct Wiping;

const fn is_mapped(layout: &Layout) -> bool {
    layout.size() >= MAPPED_BYTES && layout.align() <= PAGE_BYTES
}

#[expect(unsafe_code, reason = "there is no other way to hand out memory")]
// SAFETY: a block is either a mapping or the system allocator's, and its layout, which is the same at its
// end as at its beginning, says which. What is written into a block before its end lies within it, and
// nobody else holds it any more.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_mapped(&layout) {
            let (access, how) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
            // SAFETY: a new mapping, where the system likes, touches no other.
            return unsafe { mmap_anonymous(null_mut(), layout.size(), access, how) }
                .map_or(null_mut(), |at| at.cast());
        }
        // SAFETY: the caller keeps what `alloc` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps what `alloc_zeroed` asks for; mappings are zeros when they are made.
        unsafe { if is_mapped(&layout) { self.alloc(layout) } else { System.alloc_zeroed(layout) } }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is ours, and as long as its layout says, until it is given back.
        unsafe {
            if is_mapped(&layout) {
                // It fails only for what is no mapping.
                let _ = munmap(block.cast(), layout.size());
                return;
            }
            block.write_bytes(0, layout.size());
            // To the compiler the zeros are read here: otherwise it leaves out what nobody reads.
            std::arch::asm!("/* {0} */", in(reg) block, options(nostack, preserves_flags, readonly));
            System.dealloc(block, layout);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller keeps what `realloc` asks for; the new block is apart from the old one, and
        // what is copied is as long as the shorter of both.
        unsafe {
            let wanted = Layout::from_size_align_unchecked(new_size, layout.align());
            #[cfg(target_os = "linux")]
            if is_mapped(&layout) && is_mapped(&wanted) {
                let how = rustix::mm::MremapFlags::MAYMOVE;
                let moved = rustix::mm::mremap(block.cast(), layout.size(), new_size, how);
                return moved.map_or(null_mut(), |at| at.cast());
            }
            // The system's own way would leave the old block as it is when it moves.
            let other = self.alloc(wanted);
            if !other.is_null() {
                other.copy_from_nonoverlapping(block, layout.size().min(new_size));
                self.dealloc(block, layout);
            }
            other
        }
    }
}
