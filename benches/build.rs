//! Lets the benches find libtorch where it was when they were built.

fn main() {
    println!("cargo::rerun-if-env-changed=DEP_OMBUD_TORCH_LIBTORCH");
    if let Ok(lib) = std::env::var("DEP_OMBUD_TORCH_LIBTORCH") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    }
}
