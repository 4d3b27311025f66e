//! The binary `ombud`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ombud::main()
}
