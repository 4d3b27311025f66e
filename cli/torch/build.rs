//! Lets the binary find libtorch: in `lib` beside it, as an archive has it; else where it was when it was built, unless
//! `TORCH_BESIDE` says that it is for an archive.

use std::env;

fn main() {
    println!("cargo::rerun-if-env-changed=DEP_OMBUD_TORCH_LIBTORCH");
    println!("cargo::rerun-if-env-changed=TORCH_BESIDE");
    println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/lib");
    if let (Ok(lib), Err(_)) = (env::var("DEP_OMBUD_TORCH_LIBTORCH"), env::var("TORCH_BESIDE")) {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    }
}
