//! Lets this crate's own tests find libtorch at run time, and tells dependents where it is: the build script of a
//! crate with a binary reads `DEP_OMBUD_TORCH_LIBTORCH` and prints the same link argument. Says which version it is, too.

use std::{fs, path::Path};

/// What torch-sys takes, where libtorch does not say what it is.
const BOUND_VERSION: &str = "2.13.0";

fn main() {
    println!("cargo::rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    let mut version = BOUND_VERSION.to_owned();
    // Set by torch-sys, which is a direct dependency for this alone.
    if let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        if let Ok(said) = fs::read_to_string(Path::new(&lib).with_file_name("build-version")) {
            version = said.trim().to_owned();
        }
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
        println!("cargo::metadata=libtorch={lib}");
    }
    println!("cargo::rustc-env=LIBTORCH_VERSION={version}");
}
