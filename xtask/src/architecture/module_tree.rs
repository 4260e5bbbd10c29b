//! The modules of one crate and the paths that each of them names, parsed from its sources with `syn`.
//!
//! Paths are found in code, in `use` items, in the arguments of macros and attributes, and in attribute
//! strings such as `#[serde(with = "crate::hex")]`. Items under `#[cfg(test)]` are left out. A path through a
//! re-export (`pub use`) or an import is followed to the module that defines the item. Names that only macros
//! generate, and methods called on a value, are not found.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, Macro, Meta, UseTree, Visibility};

/// Maximum number of imports followed for one path; only a cycle of imports is longer.
const MAX_IMPORTS: usize = 16;

/// The index of a module in its [`ModuleTree`].
pub(super) type ModuleId = usize;

/// All modules of one crate.
pub(super) struct ModuleTree {
    modules: Vec<Module>,
}

/// One module: a file, or a `mod name { … }` inside one.
#[derive(Default)]
struct Module {
    /// Its path from the crate's root, such as `["pages", "report"]`; empty for the root.
    path: Vec<String>,
    parent: Option<ModuleId>,
    children: BTreeMap<String, ModuleId>,
    /// The names of the items that it defines.
    items: BTreeSet<String>,
    /// The paths that its `use` items import, by the name that they have in this module.
    imports: BTreeMap<String, Vec<String>>,
    /// The modules or enums from which everything is imported (`use a::*`).
    globs: Vec<Vec<String>>,
    /// All paths that it names.
    paths: BTreeSet<Vec<String>>,
}

/// An import: module `from` names `path`, which leads to an item of module `to`, or through a re-export in
/// `to`.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) from: ModuleId,
    pub(super) to: ModuleId,
    pub(super) path: String,
}

impl ModuleTree {
    /// Reads the crate with this root file (`lib.rs`, `main.rs`).
    pub(super) fn read(root: &Path) -> Self {
        let folder = root.parent().unwrap().to_path_buf();
        Self::parse(&fs::read_to_string(root).unwrap(), &|path| {
            let name = path.join("/");
            let files = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
            let file: &PathBuf = files.iter().find(|file| file.is_file()).unwrap_or(&files[0]);
            fs::read_to_string(file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()))
        })
    }

    /// Parses a root file. `load` returns the source of the module with a path.
    pub(super) fn parse(root: &str, load: &dyn Fn(&[String]) -> String) -> Self {
        let mut tree = Self { modules: vec![Module::default()] };
        tree.add_items(0, syn::parse_file(root).unwrap().items, load);
        tree
    }

    fn add_items(&mut self, id: ModuleId, items: Vec<Item>, load: &dyn Fn(&[String]) -> String) {
        for item in items {
            if is_only_for_tests(attributes_of(&item)) {
                continue;
            }
            if let Some(name) = name_of(&item) {
                self.modules[id].items.insert(name);
            }
            let Item::Mod(module) = item else {
                PathCollector { module: &mut self.modules[id] }.visit_item(&item);
                continue;
            };
            assert!(
                !module.attrs.iter().any(|attribute| attribute.path().is_ident("path")),
                "#[path] is not supported"
            );
            let name = to_name(&module.ident);
            let path: Vec<String> = self.modules[id].path.iter().chain([&name]).cloned().collect();
            let items = match module.content {
                Some((_, items)) => items,
                None => syn::parse_file(&load(&path)).unwrap_or_else(|e| panic!("{path:?}: {e}")).items,
            };
            let child = self.modules.len();
            self.modules[id].children.insert(name, child);
            self.modules.push(Module { path, parent: Some(id), ..Module::default() });
            self.add_items(child, items, load);
        }
    }

    /// The name of a module; empty for the root.
    pub(super) fn name(&self, id: ModuleId) -> &str {
        self.modules[id].path.last().map_or("", String::as_str)
    }

    /// The modules from the crate's root to this module, both included.
    pub(super) fn lineage(&self, id: ModuleId) -> Vec<ModuleId> {
        let mut lineage: Vec<ModuleId> =
            std::iter::successors(Some(id), |id| self.modules[*id].parent).collect();
        lineage.reverse();
        lineage
    }

    /// All modules.
    pub(super) fn ids(&self) -> std::ops::Range<ModuleId> {
        0..self.modules.len()
    }

    /// A module's path as written in code: `crate::pages::report`.
    pub(super) fn display(&self, id: ModuleId) -> String {
        ["crate"]
            .into_iter()
            .chain(self.modules[id].path.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join("::")
    }

    /// Every path in one module that leads to an item of another, or through a re-export of another.
    pub(super) fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for from in self.ids() {
            for path in &self.modules[from].paths {
                let mut visited = BTreeSet::new();
                self.resolve(from, path, MAX_IMPORTS, &mut visited);
                visited.remove(&from);
                imports.extend(visited.into_iter().map(|to| Import { from, to, path: path.join("::") }));
            }
        }
        imports
    }

    /// Follows a path that a module names. Adds to `visited` the modules whose re-exports it passes, and the
    /// module that defines the item; nothing if the item is in another crate.
    fn resolve(
        &self,
        from: ModuleId,
        path: &[String],
        imports_left: usize,
        visited: &mut BTreeSet<ModuleId>,
    ) {
        let Some((first, rest)) = path.split_first() else { return };
        let module = &self.modules[from];
        match (first.as_str(), module.parent) {
            ("crate", _) => self.descend(0, rest, imports_left, visited),
            ("self", _) => self.descend(from, rest, imports_left, visited),
            ("super", Some(parent)) if rest.first().is_some_and(|next| next == "super") => {
                self.resolve(parent, rest, imports_left, visited);
            }
            ("super", Some(parent)) => self.descend(parent, rest, imports_left, visited),
            (name, _) if module.children.contains_key(name) || module.imports.contains_key(name) => {
                self.descend(from, path, imports_left, visited);
            }
            // An item of this module, one of a glob import, or another crate.
            _ => {}
        }
    }

    /// Follows names from a module down through child modules, re-exports and imports.
    fn descend(&self, at: ModuleId, names: &[String], imports_left: usize, visited: &mut BTreeSet<ModuleId>) {
        let module = &self.modules[at];
        if let Some((name, rest)) = names.split_first() {
            if let Some(child) = module.children.get(name) {
                return self.descend(*child, rest, imports_left, visited);
            }
            if !module.items.contains(name) && imports_left > 0 {
                if let Some(import) = module.imports.get(name) {
                    let path: Vec<String> = import.iter().chain(rest).cloned().collect();
                    self.resolve(at, &path, imports_left - 1, visited);
                } else {
                    for glob in &module.globs {
                        let mut sources = BTreeSet::new();
                        self.resolve(at, glob, imports_left - 1, &mut sources);
                        for source in sources.into_iter().filter(|source| self.has_name(*source, name)) {
                            self.descend(source, names, imports_left - 1, visited);
                        }
                    }
                }
            }
        }
        visited.insert(at);
    }

    /// Whether a module defines this name or imports it by name.
    fn has_name(&self, id: ModuleId, name: &String) -> bool {
        let module = &self.modules[id];
        module.items.contains(name) || module.children.contains_key(name) || module.imports.contains_key(name)
    }
}

/// Collects the paths and imports of one module.
struct PathCollector<'a> {
    module: &'a mut Module,
}

impl PathCollector<'_> {
    /// Collects every path among the tokens of a macro or attribute.
    fn collect_from_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        // The number of colons after the last name: two connect it to the next.
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.module.paths.insert(std::mem::take(&mut path));
                    }
                    path.push(to_name(&name));
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.module.paths.insert(std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.collect_from_tokens(group.stream());
                    }
                }
            }
        }
        self.module.paths.insert(path);
    }
}

impl<'ast> Visit<'ast> for PathCollector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_only_for_tests(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        // `use ::name` is another crate.
        if item.leading_colon.is_none() {
            collect_imports(self.module, &[], &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.module.paths.insert(path.segments.iter().map(|segment| to_name(&segment.ident)).collect());
        }
        // Generic arguments contain paths too.
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.collect_from_tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        match &attribute.meta {
            Meta::List(list) => {
                self.collect_from_tokens(list.tokens.clone());
                for literal in list.tokens.clone().into_iter().filter_map(string_literal) {
                    if let Ok(path) = syn::parse_str::<syn::Path>(&literal) {
                        self.visit_path(&path);
                    }
                }
            }
            Meta::Path(_) | Meta::NameValue(_) => {}
        }
    }

    // `pub(in crate::a)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

/// Adds what a `use` item imports to a module.
fn collect_imports(module: &mut Module, prefix: &[String], tree: &UseTree) {
    let mut path = prefix.to_vec();
    let mut import = |name: String, path: Vec<String>| {
        module.paths.insert(path.clone());
        module.imports.insert(name, path);
    };
    match tree {
        UseTree::Path(step) => {
            path.push(to_name(&step.ident));
            collect_imports(module, &path, &step.tree);
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                collect_imports(module, prefix, tree);
            }
        }
        UseTree::Glob(_) => {
            module.paths.insert(path.clone());
            module.globs.push(path);
        }
        UseTree::Name(name) => {
            let name = to_name(&name.ident);
            // `use a::b::{self}` imports `a::b` as `b`.
            if name != "self" {
                path.push(name);
            }
            import(path.last().cloned().unwrap_or_default(), path);
        }
        UseTree::Rename(rename) => {
            if rename.ident != "self" {
                path.push(to_name(&rename.ident));
            }
            import(to_name(&rename.rename), path);
        }
    }
}

/// An identifier's name without the `r#` of raw identifiers.
fn to_name(name: &proc_macro2::Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

/// The content of a string literal without escapes.
fn string_literal(token: TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    Some(literal.to_string().strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// Whether one of the attributes is `#[cfg(test)]`.
fn is_only_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        Meta::Path(_) | Meta::NameValue(_) => false,
    })
}

fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name that an item defines in its module. Child modules are left out.
fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(to_name(name))
}
