//! A copy of any report as a table: columns found by name, cells as dictionary codes.
//!
//! `videoview` alone has rows by the million and columns of its own; every other report is small enough to be
//! kept whole, and read when a measure asks. So nothing here knows a report: a column that is new is a column,
//! and one whose name speaks of e-mail is never kept, whatever the report calls it.
//!
//! - [`cell_value`]: a cell as a time, a number, a truth; [`builder`]: a copy whose slices are still coming;
//!   [`dataset`]: the copies that are here, with the texts behind their codes.

pub mod builder;
pub mod cell_value;
pub mod dataset;

use crate::decode::{Decoder, Delimiter, Record};
use crate::dictionary::{Dictionary, EMPTY};
use domain::column;
use domain::report::KnownReport;

/// A header row: which fields are kept, under which names, and what stands between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderRow {
    delimiter: Delimiter,
    width: usize,
    /// The place of each kept column among the fields, and its name.
    kept: Vec<(usize, String)>,
}

impl HeaderRow {
    /// Reads a header row. Of two columns with one name the first is found by it; columns that speak of e-mail
    /// are left out.
    #[must_use]
    pub fn parse(header: &[u8]) -> Self {
        let names = Decoder::parse_header(header);
        let width = names.len();
        let kept = names.into_iter().enumerate().filter(|(_, name)| !column::is_email(name)).collect();
        Self { delimiter: Delimiter::detect(header), width, kept }
    }

    /// What stands between the fields of its rows.
    #[must_use]
    pub fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// The names of the columns that are kept.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(|(_, name)| name.as_str())
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    /// Its name as it came.
    name: String,
    /// Its name as it is compared.
    key: String,
    /// Whether its cells are ids.
    has_ids: bool,
    /// The code of each row's text.
    codes: Vec<u32>,
}

/// Rows as columns of codes; the texts are in a dictionary that many tables share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
    /// Rows with another number of fields than the header: nobody knows which field is which.
    pub ragged: u64,
}

impl Table {
    /// A table of `report` without rows yet. Of a report that is not known, no column is taken for one of ids.
    #[must_use]
    pub fn new(header: &HeaderRow, report: Option<KnownReport>) -> Self {
        let column = |name: &str| Column {
            name: name.to_owned(),
            key: column::normalize_name(name),
            has_ids: report.is_some_and(|report| report.descriptor().is_id_column(name)),
            codes: Vec::new(),
        };
        Self { columns: header.names().map(column).collect(), rows: 0, ragged: 0 }
    }

    /// Adds a row; spaces around a text are no part of it.
    pub fn push_row(&mut self, header: &HeaderRow, row: Record<'_>, texts: &mut Dictionary) {
        if row.width() != header.width {
            self.ragged += 1;
            return;
        }
        for (column, (place, _)) in self.columns.iter_mut().zip(&header.kept) {
            let cell = row.field(*place).trim_ascii();
            column.codes.push(if column.has_ids { texts.id_code(cell) } else { texts.code(cell) });
        }
        self.rows += 1;
    }

    /// The number of rows that are kept.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The names of the columns as they came, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Where the column called `name` stands, whatever its case, `_` and spaces.
    #[must_use]
    pub fn column_index(&self, name: &str) -> Option<usize> {
        let key = column::normalize_name(name);
        self.columns.iter().position(|column| column.key == key)
    }

    /// The code of a cell; that of the empty text where there is none.
    #[must_use]
    #[inline]
    pub fn code(&self, place: Option<usize>, row: usize) -> u32 {
        place
            .and_then(|place| self.columns.get(place))
            .and_then(|column| column.codes.get(row))
            .copied()
            .unwrap_or(EMPTY)
    }

    /// Every code of a column, in the order of its rows.
    #[must_use]
    pub fn codes(&self, place: usize) -> &[u32] {
        self.columns.get(place).map_or(&[], |column| column.codes.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(csv: &str) -> (Table, Dictionary) {
        let (head, rows) = csv.split_once('\n').unwrap_or((csv, ""));
        let header = HeaderRow::parse(head.as_bytes());
        let (mut table, mut texts) = (Table::new(&header, None), Dictionary::default());
        Decoder::new(header.delimiter())
            .for_each_record(rows.as_bytes(), |row| table.push_row(&header, row, &mut texts));
        (table, texts)
    }

    proptest! {
        #[test]
        fn every_cell_is_what_the_plain_reader_finds(
            rows in prop::collection::vec(prop::collection::vec("[a-c,\"\n]{0,4}", 2..5), 0..20),
        ) {
            let mut writer = csv::WriterBuilder::new()
                .flexible(true)
                .quote_style(csv::QuoteStyle::Always)
                .from_writer(b"one,E-Mail,three\n".to_vec());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let (table, texts) = table(&String::from_utf8(writer.into_inner().unwrap()).unwrap());
            let whole: Vec<_> = rows.iter().filter(|row| row.len() == 3).collect();
            prop_assert_eq!(table.rows(), whole.len());
            prop_assert_eq!(table.ragged, (rows.len() - whole.len()) as u64);
            for (place, row) in whole.iter().enumerate() {
                for (name, text) in [("One", &row[0]), ("th_ree", &row[2])] {
                    let code = table.code(table.column_index(name), place);
                    prop_assert_eq!(texts.text(code), text.trim_ascii());
                }
            }
        }
    }

    #[test]
    fn columns_are_found_however_they_are_spelt_and_new_ones_are_kept() {
        let (table, texts) = table("\u{feff}Presentation_ID|event timestamp|Mood\nd1|2026-02-02|sunny\n");
        assert_eq!(table.column_index("presentationID"), Some(0));
        assert_eq!(table.column_index("event_timestamp"), Some(1));
        assert_eq!(texts.text(table.code(table.column_index("mood"), 0)), "sunny");
        assert_eq!(table.code(table.column_index("nothing"), 0), EMPTY);
        assert_eq!(table.code(Some(0), 7), EMPTY);
    }

    #[test]
    fn only_columns_of_ids_are_read_in_lower_case() {
        let header = HeaderRow::parse(b"User_ID,question\n");
        let mut table = Table::new(&header, Some(KnownReport::QAndA));
        let mut texts = Dictionary::default();
        Decoder::new(header.delimiter())
            .for_each_record(b"AB,AB\nab,ab\n", |row| table.push_row(&header, row, &mut texts));
        let cell = |column: usize, row| texts.text(table.code(Some(column), row)).into_owned();
        assert_eq!([cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)], ["ab", "ab", "AB", "ab"]);
    }

    #[test]
    fn an_address_is_never_kept_whatever_its_column_is_called() {
        let (table, texts) = table("user,User E-Mail,answer_email\nAna,ana@example.org,bo@example.org\n");
        assert_eq!(table.names().collect::<Vec<_>>(), ["user"]);
        assert!(texts.texts().all(|text| !text.contains(&b'@')));
    }
}
