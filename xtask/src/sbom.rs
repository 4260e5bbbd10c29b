//! SBOMs (software bills of materials): what is linked into the programs that are deployed, as CycloneDX 1.5 in
//! `target/sbom`, beside `target/site` and `target/deploy`.
//!
//! | file | contents | made by |
//! |---|---|---|
//! | `cargo.cdx.json` | the crates of the Worker, the page and the data worker | this module, from `cargo tree` |
//! | `npm.cdx.json` | the npm packages in the page's bundles | `npm sbom` |
//!
//! `cargo tree` resolves features as the builds do and leaves out macros. cargo-cyclonedx (0.5.9, which takes a minute to
//! build) does neither: it adds some 60 crates that are only in tests or in the compiler, and writes its files into the
//! folders of the sources.

use crate::cargo::{self, WASM};
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step;
use anyhow::{Context, Result};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// The programs that are deployed: those of one row are built by one command, which unites their features.
const BUILDS: [&[&str]; 2] = [&["lectern-worker"], &["app", "data-worker"]];

/// The package that stands for everything that is deployed.
const DEPLOYMENT: &str = "pkg:generic/lectern";

/// Writes the SBOMs of what `cargo xtask build` has built.
pub(crate) fn write(checkout: &Checkout) -> Result<()> {
    let folder = checkout.path("target/sbom");
    step("Listing what is linked (SBOM)", || {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for (name, document) in [("cargo", cargo_document(checkout)?), ("npm", npm_document(checkout)?)] {
            let path = folder.join(format!("{name}.cdx.json"));
            let text = serde_json::to_string_pretty(&document)?;
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    })?;
    println!("SBOMs: {}", checkout.relative(&folder));
    Ok(())
}

/// A package as `cargo tree` prints it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    /// An SPDX expression.
    license: String,
    /// Whether it is a crate of this workspace, which is in no registry.
    is_own: bool,
}

impl Package {
    /// Parses `name v1.2.3`, with a path if the crate is of this workspace, and the license.
    fn parse(package: &str, license: &str) -> Option<Self> {
        let mut words = package.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        // Cargo's older form of "or" is no SPDX expression.
        let license = license.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ");
        let is_own = words.next().is_some();
        Some(Self { name: name.to_owned(), version: version.to_owned(), license, is_own })
    }

    /// The package's URL (purl), which identifies it. Names of this workspace are others' in the registry.
    fn purl(&self) -> String {
        let (name, version) = (&self.name, self.version.replace('+', "%2B"));
        if self.is_own {
            format!("{DEPLOYMENT}/{name}@{version}")
        } else {
            format!("pkg:cargo/{name}@{version}")
        }
    }
}

/// What is linked, and what links it.
#[derive(Default)]
struct LinkedPackages {
    packages: BTreeSet<Package>,
    /// The dependencies of each package and of [`DEPLOYMENT`], by purl.
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

impl LinkedPackages {
    /// Adds the lines of `cargo tree --prefix depth --format '|{p}|{l}|'`. A package's dependencies follow it with a
    /// greater depth, the first time that it is printed.
    fn add_tree(&mut self, tree: &str) -> Result<()> {
        let mut ancestors = Vec::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            let mut cells = line.split('|');
            let depth = cells.next().and_then(|depth| depth.parse::<usize>().ok());
            let package =
                cells.next().zip(cells.next()).and_then(|(name, license)| Package::parse(name, license));
            let (depth, package) = depth
                .zip(package)
                .with_context(|| format!("cannot read `{line}`, which cargo tree printed"))?;
            ancestors.truncate(depth);
            let parent = ancestors.last().map_or(DEPLOYMENT, String::as_str);
            self.dependencies.entry(parent.to_owned()).or_default().insert(package.purl());
            ancestors.push(package.purl());
            self.packages.insert(package);
        }
        Ok(())
    }
}

/// Lists what is linked into the programs.
fn linked_packages(checkout: &Checkout) -> Result<LinkedPackages> {
    let mut linked = LinkedPackages::default();
    for programs in BUILDS {
        let mut tree = cargo::quiet_cargo(checkout);
        tree.args(["tree", "--locked", "--target", WASM, "--edges", "normal,no-proc-macro"]);
        tree.args(["--prefix", "depth", "--format", "|{p}|{l}|", "--charset", "ascii"]);
        tree.args(programs.iter().flat_map(|program| ["--package", program]));
        linked.add_tree(&String::from_utf8_lossy(&processes::run_for_stdout(&mut tree)?))?;
    }
    Ok(linked)
}

/// The SBOM of the crates, with Rust's standard library, which every program contains.
fn cargo_document(checkout: &Checkout) -> Result<Value> {
    let linked = linked_packages(checkout)?;
    let lock = checkout.path("Cargo.lock");
    let lock = fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let mut components: Vec<Value> =
        linked.packages.iter().map(|package| component(package, &lock)).collect();
    let mut rustc = cargo::command(checkout, "rustc");
    let rustc = String::from_utf8(processes::run_for_stdout(rustc.arg("--version"))?)?;
    let rust_version = rustc.split(' ').nth(1).unwrap_or_default();
    let standard_library = format!("pkg:generic/rust-std@{rust_version}");
    components.push(json!({
        "bom-ref": standard_library,
        "type": "library",
        "name": "rust-std",
        "version": rust_version,
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "purl": standard_library,
    }));
    let dependencies = linked.dependencies.iter().map(|(package, depends_on)| {
        let extra = (package == DEPLOYMENT).then_some(&standard_library);
        json!({"ref": package, "dependsOn": depends_on.iter().chain(extra).collect::<Vec<_>>()})
    });
    let dependencies: Vec<Value> = dependencies.collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let version = env!("CARGO_PKG_VERSION");
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": Timestamp(i64::try_from(now)?).rfc3339(),
            "tools": [{"vendor": "Lectern", "name": "xtask", "version": version}],
            "component": {"bom-ref": DEPLOYMENT, "type": "application", "name": "lectern", "version": version},
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn component(package: &Package, lock: &str) -> Value {
    let is_program = BUILDS.iter().any(|programs| programs.contains(&package.name.as_str()));
    let mut component = json!({
        "bom-ref": package.purl(),
        "type": if package.is_own && is_program { "application" } else { "library" },
        "name": package.name,
        "version": package.version,
        "licenses": [{"expression": package.license}],
        "purl": package.purl(),
    });
    if let (Some(checksum), Some(fields)) =
        (cargo::locked_checksum(lock, &package.name, &package.version), component.as_object_mut())
    {
        fields.insert("hashes".to_owned(), json!([{"alg": "SHA-256", "content": checksum}]));
    }
    component
}

/// The SBOM of the npm packages that are bundled; the others are tools.
fn npm_document(checkout: &Checkout) -> Result<Value> {
    let mut npm = cargo::command(checkout, "npm");
    npm.args(["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application"]);
    npm.args(["--package-lock-only", "--omit", "dev"]);
    let document = processes::run_for_stdout(&mut npm).context("npm cannot list its packages")?;
    let mut document: Value = serde_json::from_slice(&document).context("npm sbom printed no JSON")?;
    // npm writes the name of the folder.
    if let Some(name) = document.pointer_mut("/metadata/component/name") {
        *name = "lectern".into();
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn document(make: impl Fn(&Checkout) -> Result<Value>) -> Value {
        make(&Checkout::of_xtask()).unwrap()
    }

    fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} of {value}"))
    }

    fn components(document: &Value) -> Vec<&Value> {
        document["components"].as_array().unwrap().iter().collect()
    }

    /// `cargo metadata`, without dev-dependencies and other platforms.
    fn metadata() -> Value {
        let checkout = Checkout::of_xtask();
        let mut metadata = cargo::cargo(&checkout);
        metadata.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", WASM]);
        serde_json::from_slice(&processes::run_for_stdout(&mut metadata).unwrap()).unwrap()
    }

    /// The names and versions of all packages that the programs may link, by `cargo metadata`. It unites the features of
    /// the whole workspace, so these are a few more than those that are linked.
    fn linkable_packages() -> BTreeSet<(String, String)> {
        let metadata = metadata();
        let packages: BTreeMap<&str, &Value> = metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| (text(package, "/id"), package))
            .collect();
        let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| (text(node, "/id"), node))
            .collect();
        let is_program =
            |id: &&&str| BUILDS.iter().any(|programs| programs.contains(&text(packages[**id], "/name")));
        let mut open: Vec<&str> = packages.keys().filter(is_program).copied().collect();
        let mut found = BTreeSet::new();
        while let Some(id) = open.pop() {
            if !found.insert(id) {
                continue;
            }
            for dependency in nodes[id]["deps"].as_array().unwrap() {
                let is_normal =
                    dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null());
                let package = packages[text(dependency, "/pkg")];
                let is_macro = text(package, "/targets/0/kind/0") == "proc-macro";
                if is_normal && !is_macro {
                    open.push(text(dependency, "/pkg"));
                }
            }
        }
        found
            .iter()
            .map(|id| (text(packages[id], "/name").to_owned(), text(packages[id], "/version").to_owned()))
            .collect()
    }

    #[test]
    fn every_linked_crate_is_listed_with_version_license_and_purl() {
        let document = document(cargo_document);
        let listed = components(&document);
        for component in &listed {
            let (name, version) = (text(component, "/name"), text(component, "/version"));
            let purl = text(component, "/purl");
            assert!(purl.ends_with(&format!("{name}@{}", version.replace('+', "%2B"))), "{purl}");
            assert_eq!(text(component, "/bom-ref"), purl);
            let license = text(component, "/licenses/0/expression");
            assert!(!license.is_empty() && !license.contains('/'), "{name}: {license}");
            if purl.starts_with("pkg:cargo/") {
                assert_eq!(text(component, "/hashes/0/content").len(), 64, "{name}");
            }
        }
        let names: BTreeSet<(String, String)> = listed
            .iter()
            .filter(|component| text(component, "/name") != "rust-std")
            .map(|component| (text(component, "/name").to_owned(), text(component, "/version").to_owned()))
            .collect();
        assert_eq!(names.len() + 1, listed.len(), "each once");
        let linkable = linkable_packages();
        let others: Vec<_> = names.difference(&linkable).collect();
        assert!(others.is_empty(), "not linked: {others:?}");

        // What the programs and the crates of this workspace that they contain depend on directly.
        for folder in ["worker", "app", "data-worker", "domain", "engine", "charts", "protocol", "figures"] {
            for name in direct_dependencies(folder) {
                let is_linkable = linkable.iter().any(|(linkable, _)| *linkable == name);
                assert!(
                    !is_linkable || names.iter().any(|(listed, _)| *listed == name),
                    "{folder} needs {name}"
                );
            }
        }
        for name in ["app", "data-worker", "lectern-worker", "leptos", "worker", "zlib-rs", "zip"] {
            assert!(names.iter().any(|(listed, _)| listed == name), "{name}");
        }
        for name in ["serde_derive", "proptest", "sandbox", "clap", "wasm-bindgen-macro"] {
            assert!(names.iter().all(|(listed, _)| listed != name), "{name} is not linked");
        }
    }

    /// The names below `[dependencies]`, without those that need a feature.
    fn direct_dependencies(folder: &str) -> Vec<String> {
        let manifest = Checkout::of_xtask().path(folder).join("Cargo.toml");
        let manifest = fs::read_to_string(manifest).unwrap();
        let section = manifest.split("\n[dependencies]\n").nth(1).unwrap().split("\n[").next().unwrap();
        let entries = section.lines().filter(|line| !line.contains("optional = true"));
        let name = |line: &str| {
            let name = line.split([' ', '.', '=']).next().unwrap_or_default();
            name.starts_with(|first: char| first.is_ascii_lowercase()).then(|| name.to_owned())
        };
        entries.filter_map(name).collect()
    }

    #[test]
    fn every_listed_crate_is_reached_from_the_deployment() {
        let document = document(cargo_document);
        let dependencies: BTreeMap<&str, Vec<&str>> = document["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                let depends_on =
                    entry["dependsOn"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                (text(entry, "/ref"), depends_on)
            })
            .collect();
        let (mut open, mut reached) = (vec![text(&document, "/metadata/component/bom-ref")], BTreeSet::new());
        while let Some(purl) = open.pop() {
            if reached.insert(purl) {
                open.extend(dependencies.get(purl).into_iter().flatten());
            }
        }
        reached.remove(DEPLOYMENT);
        let listed: BTreeSet<&str> =
            components(&document).iter().map(|component| text(component, "/purl")).collect();
        assert_eq!(reached, listed);
    }

    #[test]
    fn a_tree_is_read_into_packages_and_what_links_them() {
        let mut linked = LinkedPackages::default();
        let tree = "0|app v0.1.0 (/lectern/app)|MIT OR Apache-2.0|\n1|csv v1.4.0|Unlicense/MIT|\n\
                    2|toml v1.2.1+spec-1.1.0|MIT|\n1|toml v1.2.1+spec-1.1.0|MIT| (*)\n";
        linked.add_tree(tree).unwrap();
        let (app, toml) = ("pkg:generic/lectern/app@0.1.0", "pkg:cargo/toml@1.2.1%2Bspec-1.1.0");
        let depends_on =
            |purl: &str| linked.dependencies[purl].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(depends_on(DEPLOYMENT), [app]);
        assert_eq!(depends_on(app), ["pkg:cargo/csv@1.4.0", toml]);
        assert_eq!(depends_on("pkg:cargo/csv@1.4.0"), [toml]);
        assert!(linked.packages.iter().any(|package| package.license == "Unlicense OR MIT"));
        assert!(linked.add_tree("warning: no tree").is_err());
    }

    /// The npm packages that are not tools, from the lock file: names and entries.
    fn bundled_npm_packages() -> BTreeMap<String, Value> {
        let lock = fs::read_to_string(Checkout::of_xtask().path("package-lock.json")).unwrap();
        let lock: Value = serde_json::from_str(&lock).unwrap();
        let packages = lock["packages"].as_object().unwrap().iter();
        let bundled = packages.filter(|(path, package)| !path.is_empty() && package["dev"] != true);
        bundled.map(|(path, package)| (path.replace("node_modules/", ""), package.clone())).collect()
    }

    #[test]
    fn every_bundled_npm_package_is_listed_with_version_license_and_purl() {
        let document = document(npm_document);
        let bundled = bundled_npm_packages();
        assert!(!bundled.is_empty());
        let listed: BTreeMap<&str, &Value> = components(&document)
            .into_iter()
            .map(|component| (text(component, "/name"), component))
            .collect();
        assert!(listed.keys().copied().eq(bundled.keys().map(String::as_str)), "{listed:?}");
        for (name, package) in bundled {
            let (component, version) = (listed[name.as_str()], text(&package, "/version"));
            assert_eq!(text(component, "/version"), version);
            assert_eq!(text(component, "/purl"), format!("pkg:npm/{name}@{version}"));
            assert_eq!(text(component, "/licenses/0/license/id"), text(&package, "/license"));
        }
        // npm needs a version; it is that of the crates.
        assert_eq!(text(&document, "/metadata/component/version"), env!("CARGO_PKG_VERSION"));
    }

    /// What cargo-deny checks of crates.
    #[test]
    fn bundled_npm_packages_have_allowed_licenses_and_come_from_npms_registry() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let rules = fs::read_to_string(root.join("deny.toml")).unwrap();
        let allowed = rules.lines().find_map(|line| line.strip_prefix("allow = ")).unwrap();
        let allowed: Vec<String> = serde_json::from_str(allowed).unwrap();
        for (name, package) in bundled_npm_packages() {
            assert!(allowed.iter().any(|license| license == text(&package, "/license")), "{name}");
            // Without `resolved`, npm uses the registry; the content has to have this hash.
            assert!(package["resolved"].is_null(), "{name}");
            assert!(text(&package, "/integrity").starts_with("sha512-"), "{name}");
        }
        assert!(
            !fs::read_to_string(root.join(".npmrc")).unwrap().contains("registry="),
            "npm's own registry"
        );
    }
}
