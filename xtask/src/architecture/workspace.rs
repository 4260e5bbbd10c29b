//! The crates of the workspace, as `cargo metadata` lists them.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The kinds of targets that are built to be used, as opposed to tests, benches and build scripts.
const BUILT_KINDS: [&str; 5] = ["lib", "rlib", "cdylib", "proc-macro", "bin"];

/// A crate of the workspace.
pub(super) struct Package {
    /// Its name in `Cargo.toml`.
    pub(super) name: String,
    /// The names of its dependencies, without those that only tests or build scripts use.
    pub(super) dependencies: BTreeSet<String>,
    /// The root file of its library and of each of its programs.
    pub(super) roots: Vec<PathBuf>,
}

/// The folder that holds the workspace.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Reads all crates of the workspace.
pub(super) fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn package(json: &Value) -> Package {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = |name: &str| json[name].as_array().unwrap().iter();
    let is_built = |target: &&Value| {
        let kinds = target["kind"].as_array().unwrap();
        kinds.iter().any(|kind| BUILT_KINDS.contains(&kind.as_str().unwrap()))
    };
    Package {
        name: text(&json["name"]),
        // The kind of an ordinary dependency is null, of others "dev" or "build".
        dependencies: list("dependencies")
            .filter(|d| d["kind"].is_null())
            .map(|d| text(&d["name"]))
            .collect(),
        roots: list("targets").filter(is_built).map(|target| text(&target["src_path"]).into()).collect(),
    }
}
