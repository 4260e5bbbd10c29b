//! WebKit: one of the browsers in which the journeys run, found on this machine or installed.
//!
//! WebKitGTK's driver starts its `MiniBrowser`, which needs a screen; Xvfb provides one without a monitor.
//! The journeys that sign in need TLS in front of the Worker, since WebKit accepts `Secure` cookies only over
//! TLS; openssl makes the certificate.

use crate::debian;
use crate::tools;
use anyhow::{Result, bail};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The environment variable that names the driver to use instead of searching for one.
pub(crate) const DRIVER_VARIABLE: &str = "WEBKIT_DRIVER";

/// The environment variable that names the browser to use instead of searching for one.
pub(crate) const BROWSER_VARIABLE: &str = "WEBKIT_BROWSER";

/// Debian's packages. The driver depends on the library package, which contains the browser.
const PACKAGES: [&str; 4] = ["webkit2gtk-driver", "xvfb", "xauth", "openssl"];

/// Other programs that the journeys call.
const PROGRAMS: [&str; 3] = ["xvfb-run", "xauth", "openssl"];

/// The programs that run a page in WebKit.
pub(crate) struct WebKit {
    /// The WebDriver server.
    pub(crate) driver: PathBuf,
    /// The browser that the driver starts.
    pub(crate) browser: PathBuf,
}

/// Finds WebKit and the programs that it needs, or installs them if any is missing and xtask runs as root.
pub(crate) fn find_or_install() -> Result<WebKit> {
    if let Some(found) = find() {
        return Ok(found);
    }
    debian::try_to_install("WebKit", &PACKAGES);
    if let Some(found) = find() {
        return Ok(found);
    }
    bail!(
        "no WebKit: install it (Debian: `sudo apt-get install {}`), name its programs in {DRIVER_VARIABLE} and \
         {BROWSER_VARIABLE}, or run the journeys without it (`LECTERN_ENGINES=chromium`)",
        PACKAGES.join(" ")
    );
}

fn find() -> Option<WebKit> {
    let has_programs = PROGRAMS.iter().all(|name| tools::find_on_path(name).is_some());
    let driver = path_from(DRIVER_VARIABLE).or_else(|| tools::find_on_path("WebKitWebDriver"))?;
    let browser = path_from(BROWSER_VARIABLE).or_else(find_browser)?;
    has_programs.then_some(WebKit { driver, browser })
}

fn path_from(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|file| file.is_file())
}

/// Finds the browser where Debian installs it, in the library's folder:
/// `/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser`.
fn find_browser() -> Option<PathBuf> {
    let folders = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    };
    let is_webkit = |folder: &PathBuf| {
        folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("webkit2gtk-4."))
    };
    folders(Path::new("/usr/lib"))
        .iter()
        .flat_map(|folder| folders(folder))
        .filter(is_webkit)
        .map(|folder| folder.join("MiniBrowser"))
        .find(|file| file.is_file())
}
