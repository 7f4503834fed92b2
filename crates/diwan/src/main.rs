//! The program: reads the command line and carries the command out.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use diwan_heap::Wiping;

#[global_allocator]
static MEMORY: Wiping = Wiping;

fn main() -> ExitCode {
    diwan_bridge::launch_if_asked();
    diwan::cli::main()
}
