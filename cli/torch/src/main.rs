//! The binary `ombud-torch`: the whole command with libtorch. `ombud` hands over to it what computes.

use std::process::ExitCode;

fn main() -> ExitCode {
    ombud::main()
}
