//! The search for import cycles between modules.

use super::module_tree::{ModuleId, ModuleTree};
use super::workspace::{packages, root};
use std::collections::{BTreeMap, BTreeSet};

/// A cycle that is allowed for now.
struct AllowedCycle {
    package: &'static str,
    /// The module that declares the modules of the cycle.
    parent: &'static str,
    /// The modules of the cycle. It may have fewer, but no others.
    modules: &'static [&'static str],
    /// Why they import each other.
    reason: &'static str,
}

/// The cycles that are allowed for now. An entry without a cycle fails the test, so that this list only gets
/// shorter.
const ALLOWED: &[AllowedCycle] = &[AllowedCycle {
    package: "app",
    parent: "crate",
    modules: &["components", "context", "lazy_components", "pages", "words"],
    reason: "the page's context is declared beside the router, which names every page; lazily loaded parts are named \
                 with the types of the pages that load them",
}];

/// Modules with the same parent that import each other in a circle.
struct Cycle {
    parent: ModuleId,
    modules: BTreeSet<String>,
    /// One line for each pair of modules: the imports that lead from one to the other.
    imports: Vec<String>,
}

/// The imports between modules with the same parent: by (importing module, imported module), the paths.
type SiblingImports = BTreeMap<(String, String), Vec<String>>;

/// Maximum number of imports reported for each pair of modules.
const MAX_REPORTED_IMPORTS: usize = 3;

/// Finds the import cycles of a crate.
///
/// A node is a module with all modules below it. Only nodes with the same parent are compared. One imports
/// the other if any module in it names an item of any module in the other, however the path is written.
/// Imports between a parent and its own child do not count: a parent declares its children, re-exports from
/// them and calls them, and a child extends its parent's types. A path through a re-export (`pub use`) counts
/// as an import of the module that re-exports and of the module that defines the item, so that a re-export in
/// the parent hides no cycle.
fn find_cycles(tree: &ModuleTree) -> Vec<Cycle> {
    let mut cycles = Vec::new();
    for (parent, imports) in sibling_imports(tree) {
        for modules in strongly_connected(&imports) {
            let inside =
                imports.iter().filter(|((from, to), _)| modules.contains(from) && modules.contains(to));
            let imports = inside.map(|((from, to), lines)| {
                let reported = lines.get(..MAX_REPORTED_IMPORTS).unwrap_or(lines).join(", ");
                let more = if lines.len() > MAX_REPORTED_IMPORTS { ", …" } else { "" };
                format!("{from} -> {to}: {reported}{more}")
            });
            cycles.push(Cycle { parent, imports: imports.collect(), modules });
        }
    }
    cycles
}

/// All imports between siblings, by their parent.
fn sibling_imports(tree: &ModuleTree) -> BTreeMap<ModuleId, SiblingImports> {
    let mut by_parent: BTreeMap<ModuleId, SiblingImports> = BTreeMap::new();
    for import in tree.imports() {
        let (from, to) = (tree.lineage(import.from), tree.lineage(import.to));
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        // `None` if one of the two is an ancestor of the other.
        let Some((from, to)) = from.get(shared).zip(to.get(shared)) else { continue };
        let parent = tree.lineage(*from)[shared - 1];
        let siblings = (tree.name(*from).to_owned(), tree.name(*to).to_owned());
        let line = format!("`{}` in {}", import.path, tree.display(import.from));
        let lines = by_parent.entry(parent).or_default().entry(siblings).or_default();
        // Full paths first: they are easier to find in the source than imported names.
        let is_full_path = import.path.starts_with("crate::") || import.path.starts_with("super::");
        lines.insert(if is_full_path { 0 } else { lines.len() }, line);
    }
    by_parent
}

/// The largest groups of modules in which each reaches every other (strongly connected components).
fn strongly_connected(imports: &SiblingImports) -> Vec<BTreeSet<String>> {
    let reach = |start: &String| {
        let mut reached = BTreeSet::new();
        let mut next = vec![start];
        while let Some(module) = next.pop() {
            for (_, to) in imports.keys().filter(|(from, _)| from == module) {
                if reached.insert(to.clone()) {
                    next.push(to);
                }
            }
        }
        reached
    };
    let reached: BTreeMap<&String, BTreeSet<String>> =
        imports.keys().map(|(from, _)| (from, reach(from))).collect();
    let mut strongly_connected: Vec<BTreeSet<String>> = Vec::new();
    for (module, all) in &reached {
        let is_mutual = |other: &&String| reached.get(other).is_some_and(|back| back.contains(*module));
        let component: BTreeSet<String> = all.iter().filter(is_mutual).cloned().collect();
        if component.contains(*module) && !strongly_connected.contains(&component) {
            strongly_connected.push(component);
        }
    }
    strongly_connected
}

/// Checks every library and program of the workspace, by the definition in [`find_cycles`].
#[test]
fn no_crate_has_import_cycles_between_its_modules() {
    let mut found = Vec::new();
    let mut is_used = vec![false; ALLOWED.len()];
    for package in packages() {
        for file in &package.roots {
            let tree = ModuleTree::read(file);
            for cycle in find_cycles(&tree) {
                let parent = tree.display(cycle.parent);
                let allows = |allowed: &AllowedCycle| {
                    let is_same_place = allowed.package == package.name && allowed.parent == parent;
                    is_same_place
                        && cycle.modules.iter().all(|module| allowed.modules.contains(&module.as_str()))
                };
                match ALLOWED.iter().position(allows) {
                    Some(position) => is_used[position] = true,
                    None => found.push(format!(
                        "{} ({}), modules of {parent}: {:?}\n    {}",
                        package.name,
                        file.strip_prefix(root()).unwrap_or(file).display(),
                        cycle.modules,
                        cycle.imports.join("\n    ")
                    )),
                }
            }
        }
    }
    assert!(found.is_empty(), "{} import cycles:\n{}", found.len(), found.join("\n"));
    for (allowed, is_used) in ALLOWED.iter().zip(is_used) {
        let AllowedCycle { package, modules, reason, .. } = allowed;
        assert!(
            is_used,
            "{package} has no such cycle any more, remove it from ALLOWED: {modules:?} ({reason})"
        );
    }
}

/// The cycles of a crate whose root declares the modules `a`, `b` and `c` with these texts.
fn cycles_among(a: &str, b: &str, c: &str) -> Vec<Vec<String>> {
    let root = "mod a; mod b; mod c; pub use c::Exported; pub use c::inner::*; struct OfRoot;";
    let tree = ModuleTree::parse(root, &|path: &[String]| {
        match path.join("::").as_str() {
            "a" => a,
            "b" => b,
            _ => c,
        }
        .to_owned()
    });
    find_cycles(&tree).into_iter().map(|cycle| cycle.modules.into_iter().collect()).collect()
}

#[test]
fn a_cycle_is_found_however_its_paths_are_written() {
    for to_a in [
        "use crate::a::A;",
        "use super::a;",
        "use crate::{a::{self, A}};",
        "use super::a::*;",
        "fn f() { crate::a::f() }",
        "fn f(_: Vec<crate::a::A>) {}",
        "fn f() { use super::a as other; }",
        "fn f() { println!(\"{}\", 1 + crate::a::f()) }",
        "use crate as root; fn f() { root::a::f() }",
        "#[serde(with = \"crate::a\")] struct S;",
        "mod inner { use super::super::a::A; }",
    ] {
        assert_eq!(cycles_among("use crate::b::B;", to_a, ""), [["a", "b"]], "{to_a}");
    }
    assert_eq!(cycles_among("use crate::b::B;", "use crate::c::C;", "use crate::a::A;"), [["a", "b", "c"]]);
}

#[test]
fn a_reexport_counts_as_an_import_of_the_module_that_defines_the_item() {
    let c = "use crate::a::A; pub struct Exported; pub mod inner { pub struct OfGlob; }";
    assert_eq!(cycles_among("use crate::Exported;", "", c), [["a", "c"]]);
    assert_eq!(cycles_among("fn f(_: super::OfGlob) {}", "", c), [["a", "c"]]);
}

#[test]
fn parents_children_tests_and_other_crates_cause_no_cycle() {
    let uses_parent = "use crate::OfRoot; mod inner { use super::super::OfRoot; use super::f; } fn f() {}";
    assert!(cycles_among(uses_parent, "use inner::I; mod inner { use super::B; }", "").is_empty());
    assert!(cycles_among("use crate::b::B;", "#[cfg(test)] mod tests { use crate::a::A; }", "").is_empty());
    assert!(cycles_among("use crate::b::B;", "#[cfg(test)] use crate::a::A;", "").is_empty());
    assert!(
        cycles_among("use crate::b::B;", "use ::a::A; pub(in crate::a) struct B; fn a() { a() }", "")
            .is_empty()
    );
}
