//! The program: hands over to the commands.

use std::process::ExitCode;

/// Gives memory back once a crowd has left, which the C library's allocator keeps.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    zoom_token_hub::cli::run(std::env::args_os())
}
