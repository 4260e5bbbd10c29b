//! The Python of a virtual environment, for what tests check with libraries that share no code with Lectern.

use crate::root;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The required packages, pinned: tokens, and OpenAPI documents with JSON schemas.
const PACKAGES: [&str; 4] =
    ["pyjwt==2.15.1", "cryptography==50.0.2", "openapi-spec-validator==0.9.0", "jsonschema==4.26.0"];

/// Imports what the packages are needed for.
const IMPORTS: &str = "import jwt, cryptography, openapi_spec_validator, jsonschema";

/// The program, in a folder under `target`; created if it or a package is missing.
#[must_use]
pub fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let folder = root().join("target/tools/python");
        let python = folder.join("bin/python");
        let has_packages = || {
            let works = Command::new(&python).args(["-c", IMPORTS]).output();
            works.is_ok_and(|output| output.status.success())
        };
        if !has_packages() {
            let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).output();
            let made = made.expect("python3 is there, with its venv (Debian: python3-venv)");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            let installed =
                Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES).output();
            let installed = installed.expect("pip runs");
            assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        }
        python
    })
}
