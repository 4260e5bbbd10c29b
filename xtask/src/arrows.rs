//! The arrows between the crates, held by a test: who may depend on whom, and what pure crates may not touch.

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;
    use std::process::Command;

    /// For each of our crates, what it depends on when it is built (not only for tests).
    fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let told = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
            .current_dir(root)
            .output()
            .unwrap();
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        told["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| {
                let built =
                    package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null());
                (text(&package["name"]), built.map(|d| text(&d["name"])).collect())
            })
            .collect()
    }

    #[test]
    fn arrows_between_our_crates_point_one_way() {
        let all = dependencies();
        let ours: BTreeSet<&String> = all.keys().collect();
        let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
            ("domain", &[][..]),
            ("engine", &["domain"]),
            ("charts", &["domain", "engine"]),
            ("thread", &["domain", "engine"]),
            ("app", &["domain", "engine", "charts", "thread"]),
            ("lectern-worker", &["domain", "engine", "charts"]),
            // The judge shares no code with what it judges.
            ("sandbox", &[]),
            ("worker-tests", &["domain", "sandbox"]),
            // What the Worker would refuse is said before anything is built.
            ("xtask", &["domain"]),
        ]);
        for (name, dependencies) in &all {
            let allowed = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} has no arrows here"));
            for other in dependencies.iter().filter(|d| ours.contains(d)) {
                assert!(allowed.contains(&other.as_str()), "{name} must not depend on {other}");
            }
        }
    }

    #[test]
    fn pure_crates_know_no_clock_chance_network_dom_or_worker() {
        let all = dependencies();
        let outside = [
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
            "uuid",
        ];
        for name in ["domain", "engine", "charts"] {
            for other in outside {
                assert!(!all[name].contains(other), "{name} must not depend on {other}");
            }
        }
        // chrono without its clock: nothing pure can ask what time it is.
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).unwrap();
        let chrono = manifest.lines().find(|line| line.starts_with("chrono = ")).unwrap();
        assert!(chrono.contains("default-features = false") && !chrono.contains("\"clock\""), "{chrono}");
    }
}
