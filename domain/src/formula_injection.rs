//! Recognizes text cells that a spreadsheet would run as a formula.

/// Whether a spreadsheet would run this cell as a formula: it starts with `=`, `+`, `-`, `@`, a tab or a
/// carriage return, and is not a number. Students may type such text.
///
/// ```
/// use domain::formula_injection::is_formula;
/// assert!(is_formula(b"=1+1") && is_formula(b"-A1") && is_formula(b"\t=1") && is_formula(b"- yes"));
/// assert!(!is_formula(b"-3.5") && !is_formula(b"+1e6") && !is_formula(b"a=b") && !is_formula(b""));
/// ```
#[must_use]
pub fn is_formula(cell: &[u8]) -> bool {
    matches!(cell.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')) && !is_number(cell)
}

/// Whether the cell is a decimal number: only sign, digits, fraction and exponent.
fn is_number(cell: &[u8]) -> bool {
    let unsigned = cell.strip_prefix(b"-").or_else(|| cell.strip_prefix(b"+")).unwrap_or(cell);
    unsigned.first().is_some_and(|b| b.is_ascii_digit() || *b == b'.')
        && unsigned.iter().all(|b| b.is_ascii_digit() || b".eE+-".contains(b))
        && std::str::from_utf8(cell).is_ok_and(|text| text.parse::<f64>().is_ok())
}
