//! `docs/asvs.md` has every requirement of OWASP ASVS 5.0, levels 1 and 2, once, and counts them right.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests and their helpers fail at the first error")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The ids of all requirements of levels 1 and 2 in the standard's chapters up to the last one here, one a line. They are
/// of the standard, whose license and attribution are in `docs/asvs.md`.
const STANDARD: &str = include_str!("asvs-ids.txt");
const LAST_CHAPTER: u32 = 17;
const STATES: [&str; 3] = ["met", "not applicable", "open"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn report() -> String {
    fs::read_to_string(root().join("docs/asvs.md")).unwrap()
}

/// The cells of a row.
fn cells(line: &str) -> Vec<&str> {
    line.split(" | ").map(|cell| cell.trim_matches([' ', '|'])).collect()
}

/// The id, state and remark of each requirement.
fn requirements(report: &str) -> Vec<(&str, &str, &str)> {
    let is_requirement = |line: &&str| line.starts_with("| V") && line.split(' ').nth(1).is_some_and(is_id);
    let read = |line| match *cells(line) {
        [requirement, state, remark] => (requirement.split(' ').next().unwrap(), state, remark),
        _ => panic!("three cells: {line}"),
    };
    report.lines().filter(is_requirement).map(read).collect()
}

/// Whether a text is an id such as `V1.2.10`.
fn is_id(text: &str) -> bool {
    let numbers: Vec<&str> = text.strip_prefix('V').unwrap_or_default().split('.').collect();
    numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok())
}

fn chapter(id: &str) -> u32 {
    id.split(['V', '.']).nth(1).unwrap().parse().unwrap()
}

#[test]
fn every_requirement_is_listed_once() {
    let ids: Vec<&str> = STANDARD.lines().collect();
    let report = report();
    let listed: Vec<&str> = requirements(&report).iter().map(|(id, _, _)| *id).collect();
    assert_eq!(listed, ids);
}

#[test]
fn states_are_counted_and_have_a_remark() {
    let report = report();
    let mut counts: BTreeMap<(u32, &str), u32> = BTreeMap::new();
    for (id, state, remark) in requirements(&report) {
        assert!(STATES.contains(&state) && !remark.is_empty(), "{id}: {state}, {remark}");
        *counts.entry((chapter(id), state)).or_default() += 1;
    }
    let (_, summary) = report.split_once("\n## Summary\n").unwrap();
    let (summary, _) = summary.split_once("\n## ").unwrap();
    let rows: Vec<Vec<&str>> =
        summary.lines().filter(|line| line.starts_with("| ")).skip(1).map(cells).collect();
    assert_eq!(rows.len(), 1 + LAST_CHAPTER as usize);
    for row in rows {
        for (column, state) in STATES.iter().enumerate() {
            let number = row[0].split(['V', ' ']).nth(1).and_then(|number| number.parse::<u32>().ok());
            let counted = counts.iter().filter(|((chapter, other), _)| {
                other == state && number.is_none_or(|number| number == *chapter)
            });
            let sum: u32 = counted.map(|(_, count)| count).sum();
            assert_eq!(row[column + 1], sum.to_string(), "{} {state}", row[0]);
        }
    }
}

#[test]
fn every_file_that_is_named_exists() {
    let report = report();
    let names = report.split('`').skip(1).step_by(2);
    let is_file = |name: &&str| {
        let is_path = name.contains('/') && !name.starts_with('/') && !name.contains(' ');
        is_path || [".md", ".toml"].iter().any(|end| name.ends_with(end))
    };
    let files: Vec<&str> = names.filter(is_file).collect();
    assert!(files.len() > 100);
    for file in files {
        assert!(root().join(file).is_file(), "{file}");
    }
}
