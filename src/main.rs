//! The program: hands over to the commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    zoom_token_hub::cli::run(std::env::args_os())
}
