//! The allowed dependencies between crates, and what pure crates must not depend on.

use super::workspace::{packages, root};
use std::collections::{BTreeMap, BTreeSet};

/// The dependencies between crates of the workspace that are allowed. A new crate gets a line here.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("engine", &["domain"]),
    ("charts", &[]),
    ("protocol", &["domain", "charts"]),
    ("figures", &["domain", "engine", "charts", "protocol"]),
    ("data-worker", &["domain", "engine", "protocol", "figures"]),
    ("app", &["domain", "charts", "protocol"]),
    ("lectern-worker", &["domain", "engine", "charts", "protocol", "figures"]),
    // The stand-in for Echo360 shares no code with what it tests.
    ("sandbox", &[]),
    ("worker-tests", &["domain", "sandbox"]),
    // Validates settings by the Worker's own rules before anything is built.
    ("xtask", &["domain"]),
];

/// The crates whose results depend only on their arguments.
const PURE: [&str; 5] = ["domain", "engine", "charts", "protocol", "figures"];

/// Libraries that give access to a clock, randomness, the network, the DOM or the Workers runtime.
const IMPURE: [&str; 11] = [
    "worker",
    "web-sys",
    "js-sys",
    "wasm-bindgen",
    "gloo-net",
    "leptos",
    "rand",
    "getrandom",
    "tokio",
    "reqwest",
    "time",
];

#[test]
fn crates_depend_only_on_allowed_crates() {
    let allowed = BTreeMap::from(ALLOWED);
    let packages = packages();
    let workspace_names: BTreeSet<&String> = packages.iter().map(|package| &package.name).collect();
    for package in &packages {
        let name = &package.name;
        let allowed = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} has no line in ALLOWED"));
        for other in package.dependencies.iter().filter(|name| workspace_names.contains(name)) {
            assert!(allowed.contains(&other.as_str()), "{name} must not depend on {other}");
        }
    }
}

#[test]
fn pure_crates_depend_on_no_clock_randomness_network_dom_or_runtime() {
    let packages = packages();
    for name in PURE {
        let package = packages.iter().find(|package| package.name == name).unwrap();
        for other in IMPURE {
            assert!(!package.dependencies.contains(other), "{name} must not depend on {other}");
        }
    }
    // chrono without its feature `clock` cannot read the current time.
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let chrono = manifest.lines().find(|line| line.starts_with("chrono = ")).unwrap();
    assert!(chrono.contains("default-features = false") && !chrono.contains("\"clock\""), "{chrono}");
}

#[test]
fn pure_crates_only_parse_and_format_uuids() {
    // The features of uuid that generate ids (v4, v7, rng, …) bring in randomness or a clock. Without any
    // feature it only parses and formats.
    for package in packages().iter().filter(|package| PURE.contains(&package.name.as_str())) {
        assert!(!package.features.contains_key("uuid"), "{}: {:?}", package.name, package.features["uuid"]);
    }
}
