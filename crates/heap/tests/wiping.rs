//! The allocator of the program, under every collection that is used here.
#![forbid(unsafe_code)]

use diwan_heap::Wiping;

#[global_allocator]
static MEMORY: Wiping = Wiping;

/// Blocks become mappings at 1 MiB: sizes on both sides of it.
const SIZES: [usize; 6] = [1, 4095, 1024 * 1024 - 1, 1024 * 1024, 1024 * 1024 + 1, 2_000_000];

fn written(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n % 251) as u8).collect()
}

#[test]
fn a_block_that_grows_or_shrinks_keeps_what_is_in_it() {
    for from in SIZES {
        for to in SIZES {
            let mut block = written(from);
            block.shrink_to_fit();
            block.reserve_exact(to.saturating_sub(from));
            assert_eq!(block, written(from), "{from} to {to}");
            block.extend_from_slice(&written(to)[from.min(to)..]);
            block.truncate(to);
            block.shrink_to_fit();
            assert_eq!(block, written(to), "{from} to {to}");
        }
    }
}

#[test]
fn a_block_that_was_asked_for_empty_is_empty_after_others_were_there() {
    for size in SIZES {
        drop(written(size));
        assert!(vec![0_u8; size].iter().all(|byte| *byte == 0), "{size}");
    }
}

/// More than a page: such a block is never a mapping.
#[repr(align(16384))]
struct Wide([u8; 16384]);

#[test]
fn a_block_begins_where_it_has_to() {
    let wide: Vec<Wide> = (0..=200).map(|n| Wide([n; 16384])).collect();
    assert_eq!(wide.as_ptr().addr() % 16384, 0);
    assert!(wide.iter().enumerate().all(|(n, wide)| wide.0.iter().all(|byte| usize::from(*byte) == n)));
}

#[test]
fn many_threads_give_each_other_what_they_have() {
    let made = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| (0..200).map(|n| written(n * 997)).collect())).collect();
        threads.into_iter().map(|thread| thread.join()).collect::<Result<Vec<Vec<_>>, _>>()
    });
    let made = made.unwrap_or_default();
    assert_eq!(made.len(), 8);
    assert!(made.iter().all(|blocks| blocks.iter().enumerate().all(|(n, block)| *block == written(n * 997))));
}
