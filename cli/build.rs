//! Lets the binary find its libraries: in `lib` beside it, as an archive has them; and libtorch, where it is linked, where it was
//! when this was built.

fn main() {
    println!("cargo::rerun-if-env-changed=DEP_OMBUD_TORCH_LIBTORCH");
    println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/lib");
    if let Ok(lib) = std::env::var("DEP_OMBUD_TORCH_LIBTORCH") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    }
}
