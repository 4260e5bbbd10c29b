//! The site: the page, its data thread and the static files, in `target/site`.

use crate::cargo::{self, WASM};
use crate::checkout::Checkout;
use crate::processes;
use crate::progress::step;
use crate::stamp::Stamp;
use crate::tools::Tools;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The folders and files that a change of the site is in.
pub(crate) const SOURCES: [&str; 9] =
    ["app", "thread", "charts", "engine", "domain", "style", "index.html", "Cargo.toml", "Cargo.lock"];

/// The programs of the page: the one that draws, the data thread, and the thread of all other reports.
const PROGRAMS: [&str; 3] = ["page", "thread", "reports"];

/// What rustc gives wasm32-unknown-unknown by default, and the vectors of `.cargo/config.toml`; wasm-opt must be told.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// How far a build goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Finish {
    /// For the next look at the page: optimising the whole would take longer than the look.
    Quick,
    /// As it is deployed.
    Small,
}

impl Finish {
    /// The profile in `Cargo.toml` that the page is compiled with.
    fn profile(self) -> &'static str {
        match self {
            Self::Quick => "draft",
            Self::Small => "page",
        }
    }
}

/// Brings `target/site` up to date.
pub(crate) fn build(checkout: &Checkout, tools: &Tools, finish: Finish) -> Result<()> {
    step("Building the page", || {
        let mut compile = cargo::quiet_cargo(checkout);
        compile.args([
            "build",
            "-p",
            "app",
            "-p",
            "thread",
            "--bins",
            "--target",
            WASM,
            "--profile",
            finish.profile(),
        ]);
        let files = cargo::build(&mut compile).context("the page does not build: see the errors above")?;
        let mut parts = vec![checkout.path("app/public"), join_styles(checkout, tools)?];
        for program in PROGRAMS {
            let name = format!("{program}.wasm");
            let wasm = files.iter().find(|file| file.file_name().is_some_and(|file| file == name.as_str()));
            let wasm =
                wasm.with_context(|| format!("neither `app` nor `thread` builds a program `{program}`"))?;
            parts.push(bind(checkout, tools, finish, program, wasm)?);
        }
        put_together(checkout, &parts)
    })
}

/// The program that is cut into chunks, each loaded when it is first needed.
const SPLIT: &str = "page";

/// The module that loads those chunks, as their program imports it.
const LOADER: &str = "chunks.js";

/// Makes one file of all style sheets; gives its folder.
fn join_styles(checkout: &Checkout, tools: &Tools) -> Result<PathBuf> {
    let folder = checkout.path("target/bound/style");
    let mut join = tools.command(checkout, &tools.esbuild)?;
    join.args(["--bundle", "--minify", "--log-level=warning"]).arg(checkout.path("style/all.css"));
    join.arg(format!("--outfile={}", folder.join("style.css").display()));
    processes::run(&mut join)?;
    Ok(folder)
}

/// Makes a wasm program loadable; gives the folder of what the page loads.
fn bind(checkout: &Checkout, tools: &Tools, finish: Finish, program: &str, wasm: &Path) -> Result<PathBuf> {
    let folder = checkout.path("target/bound").join(program);
    let stamp = Stamp::new(checkout.path("target/stamps").join(program))
        .of(finish)
        .of(&tools.wasm_bindgen_version)
        .of_file(wasm)?;
    if stamp.holds() && folder.is_dir() {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let split = if program == SPLIT { Some(split(checkout, program, wasm)?) } else { None };
    let mut bindgen = tools.command(checkout, &tools.wasm_bindgen)?;
    bindgen.args(["--target", "web", "--no-typescript", "--out-name", program, "--out-dir"]).arg(&folder);
    match &split {
        // What chunks take from the program is exported under the linker's names.
        Some(split) => bindgen.arg("--keep-lld-exports").arg(&split.main),
        None => bindgen.arg(wasm),
    };
    processes::run(&mut bindgen)?;
    let chunks = match &split {
        Some(split) => split.place(&folder)?,
        None => Vec::new(),
    };
    if finish == Finish::Small {
        for bound in chunks.into_iter().chain([folder.join(format!("{program}_bg.wasm"))]) {
            let mut optimise = tools.command(checkout, &tools.wasm_opt)?;
            optimise.arg("-Oz").args(FEATURES).arg(&bound).arg("-o").arg(&bound);
            processes::run(&mut optimise)?;
        }
        // Names that wasm and other modules know stay: they are properties, and exports.
        let mut minify = tools.command(checkout, &tools.esbuild)?;
        minify.args(["--minify", "--format=esm", "--log-level=warning", "--allow-overwrite"]);
        let glue = folder.join(format!("{program}.js"));
        minify.arg(&glue).arg(format!("--outfile={}", glue.display()));
        processes::run(&mut minify)?;
    }
    stamp.press()?;
    Ok(folder)
}

/// A program that has been cut.
struct Split {
    /// What is loaded first.
    main: PathBuf,
    /// What is loaded later.
    chunks: Vec<PathBuf>,
    /// What loads them.
    loader: PathBuf,
    /// Tells the chunks of this program from those of an older or a newer one.
    mark: String,
}

/// Cuts a program at its split points.
fn split(checkout: &Checkout, program: &str, wasm: &Path) -> Result<Split> {
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
    let link = format!("./{LOADER}");
    options.link_name = &link;
    let split = wasm_split_cli_support::transform(options)
        .map_err(|e| anyhow::anyhow!("{e:?}"))
        .with_context(|| format!("cannot cut {} into chunks", wasm.display()))?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let mark = format!("{:08x}", hasher.finish() >> 32);
    Ok(Split { main, chunks: split.split_modules, loader: folder.join(LOADER), mark })
}

impl Split {
    /// Puts the chunks and what loads them into `folder`; gives the chunks.
    ///
    /// Their names carry the mark: a page that was loaded before a deployment finds none of another program, which
    /// it could not link, and says so.
    fn place(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let read = fs::read_to_string(&self.loader);
        let mut loader = read.with_context(|| format!("cannot read {}", self.loader.display()))?;
        let mut placed = Vec::new();
        for chunk in &self.chunks {
            let stem = chunk.file_stem().unwrap_or_default().to_string_lossy();
            let named = format!("{stem}-{}.wasm", self.mark);
            loader = loader.replace(&format!("\"./{stem}.wasm\""), &format!("\"./{named}\""));
            let to = folder.join(named);
            fs::copy(chunk, &to).with_context(|| format!("cannot write {}", to.display()))?;
            placed.push(to);
        }
        let to = folder.join(LOADER);
        fs::write(&to, loader).with_context(|| format!("cannot write {}", to.display()))?;
        Ok(placed)
    }
}

/// Copies the parts into `target/site` and removes what is in no part.
///
/// A file that has not changed is not written: `wrangler dev` watches the folder.
fn put_together(checkout: &Checkout, parts: &[PathBuf]) -> Result<()> {
    let site = checkout.path("target/site");
    let mut kept = BTreeSet::new();
    let page = checkout.path("index.html");
    if !page.is_file() {
        bail!("index.html is missing: the site begins with it");
    }
    kept.insert(place(&page, &site, Path::new("index.html"))?);
    for part in parts {
        for file in files_in(part)? {
            let name = file.strip_prefix(part).context("a file is outside its folder")?;
            kept.insert(place(&file, &site, name)?);
        }
    }
    for file in files_in(&site)? {
        if !kept.contains(&file) {
            fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
    }
    Ok(())
}

/// Copies a file under a name unless the same is there; gives where it is.
fn place(from: &Path, site: &Path, name: &Path) -> Result<PathBuf> {
    let to = site.join(name);
    let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if fs::read(&to).is_ok_and(|there| there == bytes) {
        return Ok(to);
    }
    let written = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&to, bytes));
    written.with_context(|| format!("cannot write {}", to.display()))?;
    Ok(to)
}

/// Every file in a folder and in those below it; none if it is not there.
pub(crate) fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
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
