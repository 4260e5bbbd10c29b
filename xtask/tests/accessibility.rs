//! `docs/accessibility.md` lists every criterion of WCAG 2.2, A and AA, once, and counts them right.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The criteria of level A. 4.1.1 is obsolete.
const LEVEL_A: &str = "1.1.1 1.2.1 1.2.2 1.2.3 1.3.1 1.3.2 1.3.3 1.4.1 1.4.2 2.1.1 2.1.2 2.1.4 2.2.1 2.2.2 2.3.1 2.4.1 2.4.2 \
                       2.4.3 2.4.4 2.5.1 2.5.2 2.5.3 2.5.4 3.1.1 3.2.1 3.2.2 3.2.6 3.3.1 3.3.2 3.3.7 4.1.2";
/// The criteria of level AA.
const LEVEL_AA: &str = "1.2.4 1.2.5 1.3.4 1.3.5 1.4.3 1.4.4 1.4.5 1.4.10 1.4.11 1.4.12 1.4.13 2.4.5 2.4.6 2.4.7 2.4.11 2.5.7 \
                        2.5.8 3.1.2 3.2.3 3.2.4 3.3.3 3.3.4 3.3.8 4.1.3";
const SUPPORT: [&str; 4] = ["supports", "partially supports", "does not support", "not applicable"];

/// The cells of the rows of a section's first table.
fn rows<'a>(report: &'a str, heading: &str) -> Option<Vec<Vec<&'a str>>> {
    let (_, section) = report.split_once(&format!("\n## {heading}\n"))?;
    let lines =
        section.lines().skip_while(|line| !line.starts_with("| ")).take_while(|line| line.starts_with('|'));
    let cells = |line: &'a str| line.split(" | ").map(|cell| cell.trim_matches([' ', '|'])).collect();
    Some(lines.skip(2).map(cells).collect())
}

#[test]
fn the_conformance_report_has_every_criterion_and_counts_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let report = fs::read_to_string(root.join("docs/accessibility.md")).unwrap();
    let summary = rows(&report, "Summary").unwrap();
    for (column, heading, criteria) in [(1, "Level A", LEVEL_A), (2, "Level AA", LEVEL_AA)] {
        let rows = rows(&report, heading).unwrap();
        let numbers: Vec<&str> = rows.iter().filter_map(|row| row[0].split(' ').next()).collect();
        assert_eq!(numbers, criteria.split_whitespace().collect::<Vec<_>>(), "{heading}");
        let mut counts: BTreeMap<&str, usize> = SUPPORT.iter().map(|level| (*level, 0)).collect();
        for row in &rows {
            *counts.get_mut(row[1]).unwrap_or_else(|| panic!("{row:?}")) += 1;
        }
        for (level, row) in SUPPORT.iter().zip(&summary) {
            assert_eq!((row[0], row[column]), (*level, counts[level].to_string().as_str()), "{heading}");
        }
    }
    for file in report.split('`').filter(|text| text.starts_with("tests/") || text.starts_with("style/")) {
        assert!(root.join(file).exists(), "{file}");
    }
}
