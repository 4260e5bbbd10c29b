//! A copy of any report as a table: columns are found by name, and cells are dictionary codes.
//!
//! Only `videoview` has millions of rows, and its own columns. All other reports are small enough to be
//! stored completely and parsed when they are measured. So this module is independent of the report: unknown
//! columns are stored, too, and columns of e-mail addresses, recognized by name, never are.
//!
//! - [`cell_value`]: parses a cell as a time, number or boolean; [`builder`]: builds a table from slices;
//!   [`dataset`]: the loaded tables with their dictionary.

pub mod builder;
pub mod cell_value;
pub mod dataset;

use crate::decode::{Decoder, Delimiter, Record};
use crate::dictionary::{Dictionary, EMPTY};
use crate::identity::CopyEmails;
use crate::shared_account::{PersonFields, SharedAccountSet};
use domain::column;
use domain::report::{KnownReport, is_id_column};

/// A parsed header row: delimiter and stored columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderRow {
    delimiter: Delimiter,
    /// Number of fields.
    width: usize,
    /// Field index and name of each stored column.
    stored_columns: Vec<(usize, String)>,
    /// The people in each row.
    people: Vec<PersonFields>,
    /// The accounts that are counted as shared.
    shared_accounts: SharedAccountSet,
    /// For each person, the index of the column of the user id among the stored ones, and the field of the e-mail address.
    emails: Vec<(usize, usize)>,
}

impl HeaderRow {
    /// Parses a header row and leaves out columns of e-mail addresses. If two columns have the same name,
    /// lookups by name find the first.
    #[must_use]
    pub fn parse(header: &[u8]) -> Self {
        let names = Decoder::parse_header(header);
        let (width, people) = (names.len(), PersonFields::find(&names));
        let stored_columns: Vec<(usize, String)> =
            names.into_iter().enumerate().filter(|(_, name)| !column::is_email(name)).collect();
        let emails = people.iter().filter_map(|person| {
            let user = stored_columns.iter().position(|(field, _)| *field == person.user())?;
            Some((user, person.email()?))
        });
        let emails = emails.collect();
        let (delimiter, shared_accounts) = (Delimiter::detect(header), SharedAccountSet::default());
        Self { delimiter, width, stored_columns, people, shared_accounts, emails }
    }

    /// Sets the accounts that are counted as shared, before the first rows.
    pub(crate) fn set_shared_accounts(&mut self, accounts: SharedAccountSet) {
        self.shared_accounts = accounts;
    }

    /// The delimiter of the header row and of the rows below it.
    #[must_use]
    pub fn delimiter(&self) -> Delimiter {
        self.delimiter
    }

    /// The names of the stored columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.stored_columns.iter().map(|(_, name)| name.as_str())
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    /// Its name, as in the header row.
    name: String,
    /// Its normalized name, for lookups.
    key: String,
    /// Whether its cells are ids.
    has_ids: bool,
    /// The code of the cell in each row.
    codes: Vec<u32>,
}

/// Rows stored as columns of codes. The texts are in a [`Dictionary`] that the tables of a dataset share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
    /// When the copy was made, in seconds since 1970; 0 if that is unknown.
    pub created: u32,
    /// The e-mail addresses of people, as hashes.
    pub(crate) emails: CopyEmails,
    /// Number of rows left out because their number of fields differs from the header's.
    pub ragged: u64,
}

impl Table {
    /// An empty table with the columns of `header`, in a file of `report`: `None` if the report is unknown.
    #[must_use]
    pub fn new(header: &HeaderRow, report: Option<KnownReport>) -> Self {
        let column = |name: &str| Column {
            name: name.to_owned(),
            key: column::normalize_name(name),
            has_ids: is_id_column(report, name),
            codes: Vec::new(),
        };
        Self { columns: header.names().map(column).collect(), ..Self::default() }
    }

    /// Adds a row, without white space around its cells, and without the user ids and roles of shared accounts; counts it as
    /// ragged if its number of fields is wrong. `header` is the one given to [`Table::new`].
    pub fn push_row(&mut self, header: &HeaderRow, row: Record<'_>, texts: &mut Dictionary) {
        if row.width() != header.width {
            self.ragged += 1;
            return;
        }
        let is_shared =
            |person: &&PersonFields| person.is_shared_account(&header.shared_accounts, |at| row.field(at));
        let shared: Vec<&PersonFields> = header.people.iter().filter(is_shared).collect();
        for (column, (field, _)) in self.columns.iter_mut().zip(&header.stored_columns) {
            let is_hidden = shared.iter().any(|person| person.identifies(*field));
            let cell = if is_hidden { &[] } else { row.field(*field).trim_ascii() };
            // Rows of one section often have the cells of the row above.
            let above = column.codes.last().copied().unwrap_or(EMPTY);
            column.codes.push(match texts.bytes_of(above) == cell {
                true => above,
                false if column.has_ids => texts.id_code(cell),
                false => texts.code(cell),
            });
        }
        for (user, email) in &header.emails {
            let user = self.columns.get(*user).and_then(|column| column.codes.last());
            self.emails.add(user.copied().unwrap_or(EMPTY), row.field(*email));
        }
        self.rows += 1;
    }

    /// The number of rows, without ragged ones.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The names of the columns, as in the header row and in its order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The index of the column called `name`, ignoring case, `_` and spaces.
    #[must_use]
    pub fn column_index(&self, name: &str) -> Option<usize> {
        let key = column::normalize_name(name);
        self.columns.iter().position(|column| column.key == key)
    }

    /// The code of a cell; [`EMPTY`] if the column or row does not exist.
    #[must_use]
    #[inline]
    pub fn code(&self, column: Option<usize>, row: usize) -> u32 {
        column
            .and_then(|index| self.columns.get(index))
            .and_then(|column| column.codes.get(row))
            .copied()
            .unwrap_or(EMPTY)
    }

    /// The codes of a column, one for each row; empty if the column does not exist.
    #[must_use]
    pub fn codes(&self, column: usize) -> &[u32] {
        self.columns.get(column).map_or(&[], |column| column.codes.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::shared_accounts::hash_account;
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
        fn cells_match_those_of_the_csv_writer(
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
            for (index, row) in whole.iter().enumerate() {
                for (name, text) in [("One", &row[0]), ("th_ree", &row[2])] {
                    let code = table.code(table.column_index(name), index);
                    prop_assert_eq!(texts.text(code), text.trim_ascii());
                }
            }
        }
    }

    #[test]
    fn columns_are_found_in_any_spelling_and_unknown_columns_are_stored() {
        let (table, texts) = table("\u{feff}Presentation_ID|event timestamp|Mood\nd1|2026-02-02|sunny\n");
        assert_eq!(table.column_index("presentationID"), Some(0));
        assert_eq!(table.column_index("event_timestamp"), Some(1));
        assert_eq!(texts.text(table.code(table.column_index("mood"), 0)), "sunny");
        assert_eq!(table.code(table.column_index("nothing"), 0), EMPTY);
        assert_eq!(table.code(Some(0), 7), EMPTY);
    }

    #[test]
    fn rows_of_shared_accounts_are_stored_without_user_and_role() {
        let header =
            "question_userid,question_firstname,question_role,answer_userid,answer_email,answer_role";
        let (table, texts) = table(&format!(
            "{header}\nu1,Ana,Student,u2,anonymous@echo360.example,Student\nu3,ANON-4F2A,Student,u4,bo@uni.example,Student\n"
        ));
        let cells = |row: usize| {
            let cell = |name: &str| texts.text(table.code(table.column_index(name), row)).into_owned();
            ["question_userid", "question_firstname", "question_role", "answer_userid", "answer_role"]
                .map(cell)
        };
        assert_eq!(cells(0), ["u1", "Ana", "Student", "", ""]);
        assert_eq!(cells(1), ["", "ANON-4F2A", "", "u4", "Student"], "an account's name stays");
    }

    #[test]
    fn rows_of_listed_accounts_are_stored_without_user_and_role() {
        let mut header = HeaderRow::parse(b"userid,role,text\n");
        header.set_shared_accounts([hash_account(*b"u2")].into_iter().collect());
        let (mut table, mut texts) = (Table::new(&header, None), Dictionary::default());
        Decoder::new(header.delimiter()).for_each_record(b"u1,Student,a\n{U2},Student,b\n", |row| {
            table.push_row(&header, row, &mut texts);
        });
        let cells = |row| [0, 1, 2].map(|column| texts.text(table.code(Some(column), row)).into_owned());
        assert_eq!(
            (cells(0), cells(1)),
            (["u1", "Student", "a"].map(Into::into), ["", "", "b"].map(Into::into))
        );
    }

    #[test]
    fn only_columns_of_ids_are_read_in_lower_case() {
        let header = HeaderRow::parse(b"Question_UserID,question\n");
        let mut table = Table::new(&header, Some(KnownReport::QAndA));
        let mut texts = Dictionary::default();
        Decoder::new(header.delimiter())
            .for_each_record(b"AB,AB\nab,ab\n", |row| table.push_row(&header, row, &mut texts));
        let cell = |column: usize, row| texts.text(table.code(Some(column), row)).into_owned();
        assert_eq!([cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)], ["ab", "ab", "AB", "ab"]);
    }

    #[test]
    fn every_id_column_of_every_report_has_one_normal_form() {
        for report in KnownReport::ALL {
            let columns = report.descriptor().columns;
            let is_id =
                |name: &&&str| column::normalize_name(name).ends_with("id") || **name == "course_identifier";
            let ids: Vec<&&str> = columns.iter().filter(is_id).collect();
            assert!(!ids.is_empty(), "{report:?}");
            let header = HeaderRow::parse(columns.join(",").as_bytes());
            let (mut table, mut texts) = (Table::new(&header, Some(report)), Dictionary::default());
            let rows =
                ["ab-1", "AB-1", "{ab-1}", " { Ab-1 } "].map(|id| vec![id; columns.len()].join(",") + "\n");
            Decoder::new(header.delimiter())
                .for_each_record(rows.concat().as_bytes(), |row| table.push_row(&header, row, &mut texts));
            assert_eq!(table.rows(), rows.len());
            for name in ids {
                let codes = table.codes(table.column_index(name).unwrap());
                assert!(codes.iter().all(|code| texts.bytes_of(*code) == b"ab-1"), "{report:?}: {name}");
            }
        }
    }

    #[test]
    fn e_mail_columns_are_never_stored() {
        let (table, texts) = table("user,User E-Mail,answer_email\nAna,ana@example.org,bo@example.org\n");
        assert_eq!(table.names().collect::<Vec<_>>(), ["user"]);
        assert!(texts.texts().all(|text| !text.contains(&b'@')));
    }
}
