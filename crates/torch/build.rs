//! Lets this crate's own tests find libtorch at run time, and tells dependents where it is: the build script of a
//! crate with a binary reads `DEP_OMBUD_TORCH_LIBTORCH` and prints the same link argument.

fn main() {
    println!("cargo::rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    // Set by torch-sys, which is a direct dependency for this alone.
    if let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
        println!("cargo::metadata=libtorch={lib}");
    }
}
