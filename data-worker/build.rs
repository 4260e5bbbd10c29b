//! The program of the data worker is cut into chunks after it is linked, and for that its relocations must be in it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo::rustc-link-arg-bin=data-worker=--emit-relocs");
    }
}
