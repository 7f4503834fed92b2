//! The program: reads the command line and carries the command out.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    diwan::memory::give_back();
    diwan::cli::main()
}
