//! A program that tries to get out of the sandbox in which it runs, and says what it could do.
#![forbid(unsafe_code)]

fn main() {
    diwan_sandbox::launch_if_asked();
}
