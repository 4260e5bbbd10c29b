//! The Python of a virtual environment, for checks with libraries that share no code with Lectern.

use crate::root;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The required packages with their versions, for tokens, OpenAPI documents and JSON schemas.
const PACKAGES: [&str; 4] =
    ["pyjwt==2.15.1", "cryptography==50.0.2", "openapi-spec-validator==0.9.0", "jsonschema==4.26.0"];

/// Imports all packages.
const IMPORTS: &str = "import jwt, cryptography, openapi_spec_validator, jsonschema";

/// The Python program, in a folder under `target`. Creates the environment if it or a package is missing.
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
            let created = Command::new("python3").args(["-m", "venv"]).arg(&folder).output();
            let created = created.expect("python3 is there, with its venv (Debian: python3-venv)");
            assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
            let installed =
                Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES).output();
            let installed = installed.expect("pip runs");
            assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        }
        python
    })
}
