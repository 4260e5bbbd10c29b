//! Null markers: what files write for "no value" instead of leaving a cell empty.
//!
//! In ids, e-mail addresses, roles, numbers and times no such word is ever data, so all of them are read as
//! empty: `null` and `none` in any case, `\N`, `-`, and white space. In other columns any text may be data: a
//! student named Null, the answer "None", the note "-". Echo360 quotes texts, so there only `NULL` and `\N`
//! without quotation marks are markers.
//!
//! Markers are removed while a file is split, so that nothing that reads rows needs to know them.

use crate::quoting::{RawCells, is_quoted};
use domain::report::{ColumnKind, KnownReport, column_kind};

/// Whether an unquoted cell of a text column is a null marker.
fn is_marker_in_text(cell: &[u8]) -> bool {
    matches!(cell, b"NULL" | b"\\N")
}

/// Whether a cell of a column that has no text is a null marker, or white space only.
fn is_marker(cell: &[u8]) -> bool {
    // Fast path: hardly any value starts like a marker.
    let may_be_marker = |first: &u8| {
        matches!(first, b'n' | b'N' | b'\\' | b'-') || first.is_ascii_whitespace() || !first.is_ascii()
    };
    cell.first().is_some_and(may_be_marker)
        && std::str::from_utf8(cell).is_ok_and(|text| {
            let text = text.trim();
            matches!(text, "" | "\\N" | "-")
                || text.eq_ignore_ascii_case("null")
                || text.eq_ignore_ascii_case("none")
        })
}

/// The columns of a file, as far as null markers depend on them.
#[derive(Debug)]
pub(crate) struct NullMarkers {
    /// For each column, whether it has text.
    is_text: Vec<bool>,
    /// For each column, how many markers were removed.
    removed: Vec<u64>,
    delimiter: u8,
}

impl NullMarkers {
    pub(crate) fn new(columns: &[String], report: Option<KnownReport>, delimiter: u8) -> Self {
        let is_text = |name: &String| column_kind(report, name) == ColumnKind::Text;
        Self { is_text: columns.iter().map(is_text).collect(), removed: vec![0; columns.len()], delimiter }
    }

    /// For each column, how many markers were removed.
    pub(crate) fn removed(&self) -> &[u64] {
        &self.removed
    }

    /// Makes the cells of a row with null markers empty. `row` has the row's bytes without its line end,
    /// `cells` its cells without quotes, concatenated, and `ends` where each ends; the latter two are changed
    /// in place. Returns the new row; `None` if the row has no marker.
    pub(crate) fn remove(&mut self, row: &[u8], cells: &mut [u8], ends: &mut [usize]) -> Option<Vec<u8>> {
        let mut start = 0;
        let mut may_have_markers = false;
        for (is_text, end) in self.is_text.iter().zip(ends.iter()) {
            let cell = cells.get(start..*end).unwrap_or_default();
            may_have_markers |= if *is_text { is_marker_in_text(cell) } else { is_marker(cell) };
            start = *end;
        }
        if may_have_markers { self.remove_slowly(row, cells, ends) } else { None }
    }

    #[cold]
    fn remove_slowly(&mut self, row: &[u8], cells: &mut [u8], ends: &mut [usize]) -> Option<Vec<u8>> {
        let mut new_row = Vec::with_capacity(row.len());
        let (mut start, mut new_end, mut has_markers) = (0, 0, false);
        let columns = self.is_text.iter().zip(ends);
        for (at, ((is_text, end), raw)) in columns.zip(RawCells::new(row, self.delimiter)).enumerate() {
            let cell = cells.get(start..*end).unwrap_or_default();
            let is_null = if *is_text { !is_quoted(raw) && is_marker_in_text(cell) } else { is_marker(cell) };
            if at > 0 {
                new_row.push(self.delimiter);
            }
            if is_null {
                // Quoted, since a row with one cell would otherwise be an empty line.
                new_row.extend_from_slice(b"\"\"");
                has_markers = true;
                if let Some(removed) = self.removed.get_mut(at) {
                    *removed += 1;
                }
            } else {
                new_row.extend_from_slice(raw);
                cells.copy_within(start..*end, new_end);
                new_end += *end - start;
            }
            start = *end;
            *end = new_end;
        }
        has_markers.then_some(new_row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_no_value_are_markers_in_any_case_and_with_white_space() {
        for marker in ["null", "NULL", "Null", "none", "None", "\\N", "-", " ", " null\t", "\u{a0}", "  -"] {
            assert!(is_marker(marker.as_bytes()), "{marker:?}");
        }
        for value in ["", "0", "-1", "n", "nullable", "\\n", "--", "none@example.edu", "N/A", "\u{fffd}"] {
            assert!(!is_marker(value.as_bytes()), "{value:?}");
        }
        assert!(!is_marker(b"\xff"));
    }

    #[test]
    fn in_text_only_unquoted_markers_are_removed() {
        let columns = ["userid", "firstname", "lastname", "answer", "content"].map(str::to_owned);
        let mut markers = NullMarkers::new(&columns, Some(KnownReport::Polling), b',');
        let row = br#""null",NULL,"NULL",None,"\N""#;
        let (mut cells, mut ends) = (b"nullNULLNULLNone\\N".to_vec(), [4, 8, 12, 16, 18]);
        let row = markers.remove(row, &mut cells, &mut ends).unwrap();
        assert_eq!(row, br#""","","NULL",None,"\N""#);
        assert_eq!((&cells[..10], ends), (&b"NULLNone\\N"[..], [0, 0, 4, 8, 10]));
        assert_eq!(markers.remove(&row, &mut cells, &mut ends), None);
        assert_eq!(markers.removed(), [1, 1, 0, 0, 0]);
    }
}
