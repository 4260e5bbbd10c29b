//! cargo xtask: start, test, build.
fn main() {}
