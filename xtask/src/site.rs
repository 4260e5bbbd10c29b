//! The site: builds the page, its data worker and the static files in `target/site`.

use crate::build_profile::BuildProfile;
use crate::build_stamp::BuildStamp;
use crate::cargo::{self, WASM};
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step;
use crate::tools::Tools;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The folders and files that the site is built from.
pub(crate) const SOURCES: [&str; 11] = [
    "app",
    "data-worker",
    "figures",
    "protocol",
    "charts",
    "engine",
    "domain",
    "style",
    "index.html",
    "Cargo.toml",
    "Cargo.lock",
];

/// The wasm programs: the page and its data worker.
const PROGRAMS: [&str; 2] = ["page", "data-worker"];

/// What stands in scripts of the site for the hash of the build.
const BUILD_HASH: &str = "BUILD_HASH";

/// Added to each loader of chunks, which fetches them with it.
const FETCH_CHUNK: &str = include_str!("site/fetch-chunk.js");

/// The wasm features that rustc enables by default, and SIMD, which `.cargo/config.toml` enables. wasm-opt
/// needs them as options.
const WASM_FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// Brings `target/site` up to date.
pub(crate) fn build(checkout: &Checkout, tools: &Tools, profile: BuildProfile) -> Result<()> {
    step("Building the page", || {
        let mut compile = cargo::quiet_cargo(checkout);
        compile.args([
            "build",
            "-p",
            "app",
            "-p",
            "data-worker",
            "--bins",
            "--target",
            WASM,
            "--profile",
            profile.of_page(),
        ]);
        let files = cargo::build(&mut compile).context("the page does not compile: see the errors above")?;
        let mut folders = vec![
            checkout.path("app/public"),
            bundle_styles(checkout, tools)?,
            bundle_spreadsheet(checkout, tools)?,
        ];
        for program in PROGRAMS {
            let name = format!("{program}.wasm");
            let wasm = files.iter().find(|file| file.file_name().is_some_and(|file| file == name.as_str()));
            let wasm = wasm
                .with_context(|| format!("neither `app` nor `data-worker` builds a program `{program}`"))?;
            folders.push(bind(checkout, tools, profile, program, wasm)?);
        }
        assemble(checkout, &folders)
    })
}

/// The name of the JavaScript module that loads the chunks of a program.
fn chunk_loader_name(program: &str) -> String {
    format!("{program}-chunks.js")
}

/// Bundles all style sheets into one file; returns its folder.
fn bundle_styles(checkout: &Checkout, tools: &Tools) -> Result<PathBuf> {
    let folder = checkout.path("target/bound/style");
    let mut bundle = tools.command(checkout, &tools.esbuild)?;
    bundle.args(["--bundle", "--minify", "--log-level=warning"]).arg(checkout.path("style/all.css"));
    bundle.arg(format!("--outfile={}", folder.join("style.css").display()));
    processes::run(&mut bundle)?;
    Ok(folder)
}

/// Bundles the program that writes workbooks with its library, as a script for a Web Worker; returns its folder.
fn bundle_spreadsheet(checkout: &Checkout, tools: &Tools) -> Result<PathBuf> {
    let folder = checkout.path("target/bound/spreadsheet");
    let mut bundle = tools.command(checkout, &tools.esbuild)?;
    bundle.args(["--bundle", "--minify", "--format=iife", "--log-level=warning"]);
    bundle.arg("--alias:fflate=./app/spreadsheet/fflate.mjs");
    bundle.arg(checkout.path("app/spreadsheet/spreadsheet.mjs"));
    bundle.arg(format!("--outfile={}", folder.join("spreadsheet.js").display()));
    processes::run(&mut bundle)?;
    Ok(folder)
}

/// Makes a wasm program loadable by JavaScript, with wasm-bindgen. Returns the folder of the files that a
/// browser loads.
fn bind(
    checkout: &Checkout,
    tools: &Tools,
    profile: BuildProfile,
    program: &str,
    wasm: &Path,
) -> Result<PathBuf> {
    let folder = checkout.path("target/bound").join(program);
    let stamp = BuildStamp::new(checkout.path("target/stamps").join(program))
        .with(profile)
        .with(&tools.wasm_bindgen_version)
        .with(FETCH_CHUNK)
        .with_file(wasm)?;
    if stamp.is_current() && folder.is_dir() {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let split = split(checkout, program, wasm)?;
    let mut bindgen = tools.command(checkout, &tools.wasm_bindgen)?;
    bindgen.args(["--target", "web", "--no-typescript", "--out-name", program, "--out-dir"]).arg(&folder);
    // The chunks call functions of the program, which are exported under the linker's names.
    bindgen.arg("--keep-lld-exports").arg(&split.main);
    processes::run(&mut bindgen)?;
    let chunks = split.copy_into(&folder)?;
    if profile == BuildProfile::Release {
        for wasm in chunks.into_iter().chain([folder.join(format!("{program}_bg.wasm"))]) {
            let mut optimize = tools.command(checkout, &tools.wasm_opt)?;
            optimize.arg("-Oz").args(WASM_FEATURES).arg(&wasm).arg("-o").arg(&wasm);
            processes::run(&mut optimize)?;
        }
        // Wasm and other modules use only properties and exports, whose names minifying keeps.
        let mut minify = tools.command(checkout, &tools.esbuild)?;
        minify.args(["--minify", "--format=esm", "--log-level=warning", "--allow-overwrite"]);
        let glue = folder.join(format!("{program}.js"));
        minify.arg(&glue).arg(format!("--outfile={}", glue.display()));
        processes::run(&mut minify)?;
    }
    stamp.save()?;
    Ok(folder)
}

/// A program that is split into chunks.
struct SplitProgram {
    /// The wasm file that is loaded first.
    main: PathBuf,
    /// The wasm files that are loaded later.
    chunks: Vec<PathBuf>,
    /// The JavaScript module that loads them.
    loader: PathBuf,
    /// A hash of the program, which is part of its chunks' names: it distinguishes them from another
    /// version's.
    hash: String,
}

/// Splits a program at the points that its source marks.
fn split(checkout: &Checkout, program: &str, wasm: &Path) -> Result<SplitProgram> {
    let bytes = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let folder = checkout.path("target/split");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let main = folder.join(format!("{program}.wasm"));
    let name = format!("./{program}.js");
    let mut options = wasm_split_cli_support::Options::new(&bytes);
    options.output_dir = &folder;
    options.main_out_path = &main;
    options.main_module = &name;
    let loader = chunk_loader_name(program);
    let link = format!("./{loader}");
    options.link_name = &link;
    let split = wasm_split_cli_support::transform(options)
        .map_err(|e| anyhow::anyhow!("{e:?}"))
        .with_context(|| format!("cannot split {} into chunks", wasm.display()))?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let hash = format!("{:08x}", hasher.finish() >> 32);
    Ok(SplitProgram { main, chunks: split.split_modules, loader: folder.join(loader), hash })
}

impl SplitProgram {
    /// Copies the chunks and their loader into a folder; returns the chunks there.
    ///
    /// The names of chunks contain the hash of their program. A page that was loaded before a deployment
    /// cannot link the chunks of the new program: it does not find its own, and reports that.
    fn copy_into(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let read = fs::read_to_string(&self.loader);
        let loader = read.with_context(|| format!("cannot read {}", self.loader.display()))?;
        let mut loader = use_fetch_chunk(&loader)?;
        let mut copied = Vec::new();
        for chunk in &self.chunks {
            let stem = chunk.file_stem().unwrap_or_default().to_string_lossy();
            let name = format!("{stem}-{}.wasm", self.hash);
            loader = loader.replace(&format!("\"./{stem}.wasm\""), &format!("\"./{name}\""));
            let to = folder.join(name);
            fs::copy(chunk, &to).with_context(|| format!("cannot write {}", to.display()))?;
            copied.push(to);
        }
        let to = folder.join(self.loader.file_name().unwrap_or_default());
        fs::write(&to, loader).with_context(|| format!("cannot write {}", to.display()))?;
        Ok(copied)
    }
}

/// Makes a loader of chunks fetch them with [`FETCH_CHUNK`].
fn use_fetch_chunk(loader: &str) -> Result<String> {
    let fetch = "fetch(new URL(";
    if !loader.contains(fetch) {
        bail!("the loader of chunks does not contain `{fetch}`: wasm_split_cli_support has changed");
    }
    Ok(loader.replace(fetch, "fetchChunk(new URL(") + FETCH_CHUNK)
}

/// Copies `index.html` and the contents of the folders into `target/site`, and removes all other files there. Scripts get the
/// hash of all of it where they contain [`BUILD_HASH`].
///
/// Unchanged files are not written, because `wrangler dev` watches the folder.
fn assemble(checkout: &Checkout, folders: &[PathBuf]) -> Result<()> {
    let site = checkout.path("target/site");
    let mut site_files = BTreeSet::new();
    let page = checkout.path("index.html");
    if !page.is_file() {
        bail!("index.html is missing");
    }
    let mut files = vec![(PathBuf::from("index.html"), read(&page)?)];
    for folder in folders {
        for file in list_files(folder)? {
            let name = file.strip_prefix(folder).context("a file is outside its folder")?;
            files.push((name.to_path_buf(), read(&file)?));
        }
    }
    let hash = build_hash(&files);
    for (name, bytes) in files {
        let bytes = if has_extension(&name, "js") { stamp_build(bytes, &hash) } else { bytes };
        site_files.insert(write_if_changed(&bytes, &site.join(name))?);
    }
    for file in list_files(&site)? {
        if !site_files.contains(&file) {
            fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|it| it == extension)
}

/// A hash of the site's files: another one for each build that differs.
fn build_hash(files: &[(PathBuf, Vec<u8>)]) -> String {
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Writes the hash of the build into a script, where it contains [`BUILD_HASH`].
fn stamp_build(script: Vec<u8>, hash: &str) -> Vec<u8> {
    match String::from_utf8(script) {
        Ok(text) => text.replace(BUILD_HASH, hash).into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

/// Writes a file of the site, unless it has these contents. Returns its path.
fn write_if_changed(bytes: &[u8], to: &Path) -> Result<PathBuf> {
    if fs::read(to).is_ok_and(|present| present == bytes) {
        return Ok(to.to_path_buf());
    }
    let written = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(to, bytes));
    written.with_context(|| format!("cannot write {}", to.display()))?;
    Ok(to.to_path_buf())
}

/// All files in a folder and its subfolders, sorted; none if the folder does not exist.
fn list_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loader_fetches_chunks_with_the_function_that_tells_why_one_is_missing() {
        let loader = "const src = fetch(new URL(\"./split_a.wasm\", import.meta.url));\n";
        let changed = use_fetch_chunk(loader).unwrap();
        assert!(
            changed.starts_with("const src = fetchChunk(new URL(\"./split_a.wasm\", import.meta.url));\n")
        );
        assert!(changed.contains("async function fetchChunk(url) {"));
        assert!(use_fetch_chunk("import.source(\"./split_a.wasm\")").is_err());
    }

    #[test]
    fn both_start_scripts_name_the_build_and_it_changes_with_every_file() {
        for script in ["start.js", "data-worker-start.js"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/public").join(script);
            let stamped = String::from_utf8(stamp_build(fs::read(path).unwrap(), "0a1b")).unwrap();
            assert!(stamped.contains("\"0a1b\"") && !stamped.contains(BUILD_HASH), "{script}");
        }
        let files = |name: &str, bytes: &[u8]| vec![(PathBuf::from(name), bytes.to_vec())];
        let hash = build_hash(&files("page.js", b"1"));
        assert_eq!(hash, build_hash(&files("page.js", b"1")));
        assert_ne!(hash, build_hash(&files("page.js", b"2")));
        assert_ne!(hash, build_hash(&files("page2.js", b"1")));
    }
}
