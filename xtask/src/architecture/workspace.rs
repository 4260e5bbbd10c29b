//! The crates of the workspace, as `cargo metadata` lists them.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The kinds of targets that are libraries or programs, as opposed to tests, benches and build scripts.
const BUILT_KINDS: [&str; 5] = ["lib", "rlib", "cdylib", "proc-macro", "bin"];

/// A crate of the workspace.
pub(super) struct Package {
    /// Its name in `Cargo.toml`.
    pub(super) name: String,
    /// The names of its dependencies, without dev-dependencies and build-dependencies.
    pub(super) dependencies: BTreeSet<String>,
    /// The features that it enables, by dependency; `default` stands for the default features. Dependencies
    /// without features are left out.
    pub(super) features: BTreeMap<String, Vec<String>>,
    /// The root files of its library and of its programs.
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
    // The kind of a normal dependency is null; others have "dev" or "build".
    let dependencies = || list("dependencies").filter(|dependency| dependency["kind"].is_null());
    let features = |dependency: &Value| {
        let by_default = (dependency["uses_default_features"] == true).then(|| "default".to_owned());
        let named = dependency["features"].as_array().unwrap().iter().map(text);
        by_default.into_iter().chain(named).collect::<Vec<_>>()
    };
    Package {
        name: text(&json["name"]),
        dependencies: dependencies().map(|dependency| text(&dependency["name"])).collect(),
        features: dependencies()
            .map(|dependency| (text(&dependency["name"]), features(dependency)))
            .filter(|(_, features)| !features.is_empty())
            .collect(),
        roots: list("targets").filter(is_built).map(|target| text(&target["src_path"]).into()).collect(),
    }
}
