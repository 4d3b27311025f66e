//! Lets this crate's tests of training find libtorch at run time.

fn main() {
    println!("cargo::rerun-if-env-changed=DEP_OMBUD_TORCH_LIBTORCH");
    // Set by ombud-torch, which is there with the feature `torch` only.
    if let Ok(lib) = std::env::var("DEP_OMBUD_TORCH_LIBTORCH") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    }
}
