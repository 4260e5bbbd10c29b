//! Tests of committed files that are generated from `domain::routes`: `docs/openapi.json`, and the routes in
//! `docs/reference.md`; and of the settings that the reference and the guide to rotating secrets describe.
//!
//! After a change of routes or of the API's types, generate them again and commit them:
//!
//! ```sh
//! LECTERN_WRITE=1 cargo test -p xtask --test generated
//! ```

#![expect(clippy::unwrap_used, reason = "tests and their helpers fail at the first error")]

use domain::routes::{Parameter, ROUTES, Route};
use domain::settings::Settings;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const OPENAPI: &str = "docs/openapi.json";
const REFERENCE: &str = "docs/reference.md";

/// Markers around the generated part of the reference.
const ROUTES_BEGIN: &str = "<!-- routes:begin -->\n";
const ROUTES_END: &str = "<!-- routes:end -->";

/// Markers around the table of settings in the reference.
const SETTINGS_BEGIN: &str = "<!-- settings:begin -->\n";
const SETTINGS_END: &str = "<!-- settings:end -->";

fn checkout_path(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(checkout_path(path)).unwrap_or_default()
}

/// Checks that a file is up to date; with `LECTERN_WRITE=1`, writes it. CI must only compare: a test that
/// writes always passes.
fn assert_current(path: &str, generated: &str) {
    if read(path) == generated {
        return;
    }
    let should_write = std::env::var_os("LECTERN_WRITE").is_some();
    assert!(
        !(should_write && std::env::var_os("CI").is_some()),
        "LECTERN_WRITE is set in CI, where {path} is only compared"
    );
    assert!(should_write, "{path} is out of date: LECTERN_WRITE=1 cargo test -p xtask --test generated");
    std::fs::write(checkout_path(path), generated).unwrap();
}

/// A route as a row of the reference.
fn describe_route(route: &Route) -> String {
    let summary = format!("{}.", route.summary);
    let sentences = [summary.as_str(), route.description, route.access.describe()];
    let sentences: Vec<&str> = sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect();
    let description = sentences.join(" ").replace('|', "\\|");
    format!("| {} | `{}` | {description} |\n", route.method.as_str(), route.path)
}

/// A route's URL parameters as rows of the reference.
fn describe_parameters(route: &Route) -> String {
    let row = |parameter: &Parameter| {
        let (name, description) =
            (parameter.name.replace('*', "NAME"), parameter.description.replace('|', "\\|"));
        format!("| {} `{}` | `{name}` | {description} |\n", route.method.as_str(), route.path)
    };
    route.query.iter().map(row).collect()
}

#[test]
fn the_openapi_document_is_generated() {
    let document = serde_json::to_string_pretty(&domain::openapi::document()).unwrap();
    assert_current(OPENAPI, &format!("{document}\n"));
}

#[test]
fn the_routes_in_the_reference_are_generated() {
    let reference = read(REFERENCE);
    let (start, rest) = reference.split_once(ROUTES_BEGIN).expect("the reference has a place for the routes");
    let (_, end) = rest.split_once(ROUTES_END).expect("the place for the routes ends");
    let routes: String = ROUTES.iter().map(describe_route).collect();
    let parameters: String = ROUTES.iter().map(describe_parameters).collect();
    let tables = format!(
        "| method | path | description |\n|---|---|---|\n{routes}\nURL parameters:\n\n\
         | route | parameter | description |\n|---|---|---|\n{parameters}"
    );
    assert_current(REFERENCE, &format!("{start}{ROUTES_BEGIN}{tables}{ROUTES_END}{end}"));
}

/// The names of all settings.
fn setting_names() -> BTreeSet<String> {
    let read_names = RefCell::new(BTreeSet::new());
    let get = |name: &str| -> Option<String> {
        read_names.borrow_mut().insert(name.to_owned());
        None
    };
    // Without any value, every setting is read, and those that are required are missing.
    assert!(Settings::read(get, |_| true).is_err());
    read_names.into_inner()
}

#[test]
fn the_reference_describes_exactly_the_settings_that_are_read() {
    let reference = read(REFERENCE);
    let (_, rest) = reference.split_once(SETTINGS_BEGIN).expect("the reference has a table of settings");
    let (table, _) = rest.split_once(SETTINGS_END).expect("the table of settings ends");
    // The first cell of each row names one setting or several: | `A`, `B` | default | description |
    let first_cells = table.lines().skip(2).filter_map(|row| row.split('|').nth(1));
    let described: BTreeSet<String> = first_cells
        .flat_map(|cell| cell.split(',').map(|name| name.trim().trim_matches('`').to_owned()))
        .collect();
    assert_eq!(described, setting_names());
}

#[test]
fn the_guide_to_rotating_secrets_names_every_secret() {
    let guide = read("docs/rotating-secrets.md");
    let names = setting_names();
    let secrets: Vec<&String> =
        names.iter().filter(|name| name.contains("KEY") || name.contains("SECRET")).collect();
    assert_eq!(secrets, ["ECHO360_CLIENT_SECRET", "LECTERN_KEY", "LECTERN_SESSION_KEY"]);
    for name in secrets {
        assert!(guide.contains(&format!("`{name}`")), "{name}");
    }
}
