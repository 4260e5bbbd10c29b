use super::*;
use crate::decode::{Decoder, Delimiter};
use proptest::prelude::*;
use std::io::Read;

fn videoview() -> Option<KnownReport> {
    Some(KnownReport::VideoView)
}

fn inflate(slice: &Slice) -> Vec<u8> {
    let mut raw = Vec::new();
    flate2::read::DeflateDecoder::new(&slice.bytes[..]).read_to_end(&mut raw).unwrap();
    assert_eq!((raw.len(), crc32fast::hash(&slice.bytes)), (slice.raw_length as usize, slice.crc32));
    assert_eq!(raw.last(), Some(&b'\n'));
    raw
}

fn split(
    report: Option<KnownReport>,
    files: &[Vec<u8>],
    piece_size: usize,
) -> Result<(SplitSummary, Vec<Slice>), BadFile> {
    split_quoted(&[], report, files, piece_size)
}

/// Splits files of which the first ones are read by `quotings`.
fn split_quoted(
    quotings: &[Quoting],
    report: Option<KnownReport>,
    files: &[Vec<u8>],
    piece_size: usize,
) -> Result<(SplitSummary, Vec<Slice>), BadFile> {
    let mut splitter = Splitter::new(report);
    let mut slices = Vec::new();
    for (at, file) in files.iter().enumerate() {
        if let Some(quoting) = quotings.get(at) {
            splitter.set_quoting(*quoting);
        }
        for piece in file.chunks(piece_size.max(1)) {
            splitter.push(piece, &mut |slice| slices.push(slice))?;
        }
        splitter.end_file(&mut |slice| slices.push(slice))?;
    }
    let summary = splitter.finish(&mut |slice| slices.push(slice))?;
    Ok((summary, slices))
}

const HEADER: [&str; 6] = ["VideoId", "VideoName", "sectionId", "courseId", "event_timestamp", "userid"];

fn file(
    rows: &[[String; 6]],
    delimiter: u8,
    is_crlf: bool,
    has_bom: bool,
    ends_with_line_end: bool,
) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(if is_crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
        .from_writer(if has_bom { vec![0xEF, 0xBB, 0xBF] } else { Vec::new() });
    writer.write_record(HEADER).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    let mut file = writer.into_inner().unwrap();
    while !ends_with_line_end && file.last().is_some_and(|end| b"\r\n".contains(end)) {
        file.pop();
    }
    file
}

fn sorted(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    rows.sort();
    rows
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}",
        Just("say \"hi\", \n\r\n and | go\ton".to_owned()),
        Just("Ünïcödé '=1+1".to_owned()),
        Just("\"".to_owned()),
        Just("x,".to_owned()),
    ]
}

/// An id in one of the spellings that files may have.
fn spell(id: &str, number: u8, spelling: usize) -> String {
    let id = format!("{id}{number}");
    [id.clone(), id.to_uppercase(), format!("{{{id}}}"), format!(" {id} ")][spelling].clone()
}

proptest! {
    #[test]
    fn every_row_is_in_one_slice_of_its_own_section(
        rows in prop::collection::vec((cell(), cell(), (0u8..3, 0usize..4), (0u8..3, 0usize..4), cell()), 1..40),
        delimiter in prop::sample::select(vec![b',', b'\t', b'|']),
        is_crlf in any::<bool>(),
        has_bom in any::<bool>(),
        ends_with_line_end in any::<bool>(),
        files in 1usize..3,
        piece_size in 1usize..200,
    ) {
        let rows: Vec<[String; 6]> = rows
            .into_iter()
            .map(|(id, name, s, c, user)| {
                let [s, c] =
                    [("s", s), ("c", c)].map(|(id, (number, spelling))| spell(id, number, spelling));
                [id, name, s, c, "2026-02-02 10:00:00".into(), user]
            })
            .collect();
        let files: Vec<Vec<u8>> = rows
            .chunks(rows.len().div_ceil(files))
            .map(|rows| file(rows, delimiter, is_crlf, has_bom, ends_with_line_end))
            .collect();
        let (summary, slices) = split(videoview(), &files, piece_size).unwrap();
        prop_assert_eq!(summary.rows, rows.len() as u64);
        let mut found = Vec::new();
        for slice in &slices {
            let raw = inflate(slice);
            let mut reader =
                csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(&raw[..]);
            let mut count = 0;
            for record in reader.records() {
                let record = record.unwrap();
                let ids = [&record[3], &record[2]].map(|id| id.trim_matches(['{', '}', ' ']).to_lowercase());
                prop_assert_eq!([&ids[0], &ids[1]], [&slice.course, &slice.section]);
                found.push(record.iter().map(str::to_owned).collect::<Vec<_>>());
                count += 1;
            }
            prop_assert_eq!(count, slice.rows);
        }
        let expected = rows.iter().map(|row| row.to_vec()).collect();
        prop_assert_eq!(sorted(found), sorted(expected));
        prop_assert_eq!(summary.bytes, slices.iter().map(|s| u64::from(s.raw_length)).sum::<u64>());
    }
}

/// Columns of `polling` of every kind, and one that its reference does not document.
const COLUMNS: [(&str, bool); 11] = [
    ("sectionId", false),
    ("courseId", false),
    ("activity_id", false),
    ("event_timestamp", false),
    ("isCorrect", false),
    ("userid", false),
    ("email", false),
    ("role", false),
    ("answer", true),
    ("lastname", true),
    ("undocumented", true),
];

/// A cell: its text, whether it is quoted, and what it means.
type Cell = (String, bool, String);

fn value(text: impl Strategy<Value = String>) -> impl Strategy<Value = Cell> {
    text.prop_map(|text| (text.clone(), true, text))
}

/// A null marker, which means nothing.
fn marker(
    markers: &'static [&'static str],
    is_quoted: impl Strategy<Value = bool>,
) -> impl Strategy<Value = Cell> {
    (prop::sample::select(markers), is_quoted)
        .prop_map(|(marker, is_quoted)| (marker.to_owned(), is_quoted, String::new()))
}

/// Quoted texts that look like null markers or escapes.
const DATA_IN_TEXTS: &[&str] = &[
    "NULL",
    "Null",
    "\\N",
    "None",
    "-",
    "   ",
    "C:\\",
    "C:\\new\\",
    r#"{"choices":["A",""]}"#,
    r#"say \"hi\""#,
];

/// A cell of a column with or without text.
fn any_cell(is_text: bool) -> BoxedStrategy<Cell> {
    if is_text {
        prop_oneof![
            3 => value("[a-z,|\t\"\\\\\n\r ]{0,6}"),
            3 => value(prop::sample::select(DATA_IN_TEXTS).prop_map(str::to_owned)),
            1 => marker(&["NULL", "\\N"], Just(false)),
            1 => prop::sample::select(vec!["None", "null", "-", " NULL", "2", "\\n"])
                .prop_map(|text| (text.to_owned(), false, text.to_owned())),
        ]
        .boxed()
    } else {
        let markers = &["null", "NULL", "\\N", "None", "-", "   ", " null ", "nOnE"];
        prop_oneof![
            4 => value("[0-9a-f]{1,4}"),
            1 => marker(markers, any::<bool>()),
            1 => Just((String::new(), true, String::new())),
        ]
        .boxed()
    }
}

fn any_row() -> impl Strategy<Value = Vec<Cell>> {
    COLUMNS.iter().map(|(_, is_text)| any_cell(*is_text)).collect::<Vec<_>>()
}

fn any_quoting() -> impl Strategy<Value = Quoting> {
    prop::sample::select(vec![Quoting::Doubled, Quoting::Backslash, Quoting::BackslashBeforeQuotes])
}

/// The number of header rows before the row at `at`, two at most.
fn headers_before(at: usize, headers: &[usize]) -> usize {
    headers.iter().filter(|header| **header == at).count().min(2)
}

/// Writes a file with a header row before the first row and before those at `headers`.
fn write_file(
    rows: &[Vec<Cell>],
    headers: &[usize],
    quoting: Quoting,
    delimiter: u8,
    line_end: &str,
    bom: &str,
) -> Vec<u8> {
    let quote = |text: &str| match quoting {
        Quoting::Doubled => format!("\"{}\"", text.replace('"', "\"\"")),
        Quoting::Backslash => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        Quoting::BackslashBeforeQuotes => format!("\"{}\"", text.replace('"', "\\\"")),
    };
    let delimiter = char::from(delimiter).to_string();
    let header = COLUMNS.map(|(name, _)| quote(name)).join(&delimiter);
    let mut file = format!("{bom}{header}");
    for (at, row) in rows.iter().enumerate() {
        let spellings = [header.clone(), header.to_uppercase()];
        for spelling in spellings.iter().take(headers_before(at, headers)) {
            file.push_str(&format!("{line_end}{bom}{spelling}"));
        }
        let cells =
            row.iter().map(|(text, is_quoted, _)| if *is_quoted { quote(text) } else { text.clone() });
        file.push_str(&format!("{line_end}{}", cells.collect::<Vec<_>>().join(&delimiter)));
    }
    file.into_bytes()
}

/// The rows of slices, which must be RFC 4180.
fn read_slices(slices: &[Slice], delimiter: u8) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for slice in slices {
        // The reader would drop a byte order mark at the start of its input.
        let raw = [b"\n", &inflate(slice)[..]].concat();
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(&raw[..]);
        let before = rows.len();
        rows.extend(reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()));
        assert_eq!(rows.len() - before, slice.rows as usize);
    }
    sorted(rows)
}

fn meaning(rows: &[Vec<Cell>]) -> Vec<Vec<String>> {
    sorted(rows.iter().map(|row| row.iter().map(|(_, _, meaning)| meaning.clone()).collect()).collect())
}

proptest! {
    #[test]
    fn slices_have_what_the_rows_mean_in_every_dialect(
        rows in prop::collection::vec(any_row(), 1..20),
        headers in prop::collection::vec(0usize..20, 0..4),
        quotings in prop::collection::vec(any_quoting(), 2),
        delimiter in prop::sample::select(vec![b',', b'\t', b'|']),
        line_end in prop::sample::select(vec!["\n", "\r\n"]),
        bom in prop::sample::select(vec!["", "\u{feff}"]),
        files in 1usize..3,
        piece_size in 1usize..200,
    ) {
        // By the third rule no cell ends with a backslash.
        let ends_cell = |row: &[Cell]| row.iter().any(|(text, is_quoted, _)| *is_quoted && text.ends_with('\\'));
        prop_assume!(
            !quotings.contains(&Quoting::BackslashBeforeQuotes) || !rows.iter().any(|row| ends_cell(row))
        );
        let files: Vec<Vec<u8>> = rows
            .chunks(rows.len().div_ceil(files))
            .zip(&quotings)
            .map(|(rows, quoting)| write_file(rows, &headers, *quoting, delimiter, line_end, bom))
            .collect();
        let (summary, slices) =
            split_quoted(&quotings, Some(KnownReport::Polling), &files, piece_size).unwrap();
        prop_assert_eq!(read_slices(&slices, delimiter), meaning(&rows));
        prop_assert_eq!(summary.rows, rows.len() as u64);
    }

    #[test]
    fn a_row_without_markers_keeps_its_bytes(
        rows in prop::collection::vec(any_row(), 1..20),
        piece_size in 1usize..200,
    ) {
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|row| row.iter().all(|(text, _, meaning)| text == meaning))
            .collect();
        prop_assume!(!rows.is_empty());
        let file = write_file(&rows, &[], Quoting::Doubled, b',', "\n", "");
        let (summary, slices) =
            split(Some(KnownReport::Polling), std::slice::from_ref(&file), piece_size).unwrap();
        let bytes: usize = slices.iter().map(|slice| inflate(slice).len()).sum();
        prop_assert_eq!(bytes, file.len() - summary.header.len() + 1);
        if let [slice] = &slices[..] {
            prop_assert_eq!(inflate(slice), [&file[summary.header.len()..], b"\n"].concat());
        }
    }

    #[test]
    fn backslashes_before_quotation_marks_are_recognized_by_the_first_reading(
        texts in prop::collection::vec(("[a-z, ]{0,5}", "[a-z]{1,5}", "[a-z, ]{0,5}"), 1..10),
        piece_size in 1usize..200,
    ) {
        // Quotation marks around a word, as in JSON.
        let cell = |text: String| (text.clone(), true, text);
        let rows: Vec<Vec<Cell>> = texts
            .iter()
            .map(|(before, word, after)| {
                let mut row = vec![cell("x".to_owned()); COLUMNS.len()];
                row[8] = cell(format!("{before}\"{word}\"{after}"));
                row[10] = cell(format!("\"{word}\""));
                row
            })
            .collect();
        let file = write_file(&rows, &[], Quoting::Backslash, b',', "\n", "");
        let bad = split(Some(KnownReport::Polling), std::slice::from_ref(&file), piece_size).unwrap_err();
        prop_assert_eq!(bad.other_quoting(), Some(Quoting::Backslash));
        prop_assert!(bad.to_string().starts_with("Its row 1 (line 2) has "), "{}", bad);
        let second = split_quoted(&[Quoting::Backslash], Some(KnownReport::Polling), &[file], piece_size);
        prop_assert_eq!(read_slices(&second.unwrap().1, b','), meaning(&rows));
    }

    #[test]
    fn no_input_panics_and_what_is_stored_can_be_read(
        starts_with_header in any::<bool>(),
        rest in prop::collection::vec(prop::sample::select(FUZZ_BYTES), 0..300),
        quoting in any_quoting(),
        piece_size in 1usize..60,
    ) {
        let header: &[u8] = if starts_with_header { b"a,userid\n" } else { b"" };
        let result = split_quoted(&[quoting], None, &[[header, &rest[..]].concat()], piece_size);
        if let Ok((_, slices)) = result && starts_with_header {
            for slice in &slices {
                let mut widths = Vec::new();
                Decoder::new(Delimiter::Comma)
                    .for_each_record(&inflate(slice), |record| widths.push(record.width()));
                prop_assert_eq!(widths, vec![2; slice.rows as usize]);
            }
        }
    }
}

/// Bytes that mean something, some more often than others.
const FUZZ_BYTES: &[u8] = b"ab,,\"\"\\\\\n\r-N\xef\xbb\xbf\xff |\0";

#[test]
fn a_cell_that_ends_with_a_backslash_is_no_escape() {
    let row = r#""C:\","None","s","c","t","\""#;
    let file = format!("{}\n{row}\n", HEADER.join(",")).into_bytes();
    let (_, slices) = split(videoview(), &[file], 7).unwrap();
    assert_eq!(String::from_utf8(inflate(&slices[0])).unwrap(), format!("{row}\n"));
}

#[test]
fn backslashes_that_give_the_right_number_of_cells_are_recognized_too() {
    for row in [
        r#""a\"b","n","s","c","t","u""#,
        r#""v","\"n","s","c","t","u\"""#,
        // Read by RFC 4180 it has six cells, and the third one is `b\",c"`.
        r#""v","hi\"","b\",c","c","t","u","w""#,
    ] {
        let file = format!("{}\n\"v\",\"n\",\"s\",\"c\",\"t\",\"u\"\n{row}\n", HEADER.join(",")).into_bytes();
        let bad = split(videoview(), &[file], 7).unwrap_err();
        assert_eq!(bad.other_quoting(), Some(Quoting::Backslash), "{row} {bad}");
        assert!(bad.to_string().contains("row 2 (line 3)"), "{bad}");
    }
}

#[test]
fn an_error_without_backslashes_is_no_reason_to_read_again() {
    let header = HEADER.join(",");
    for rows in ["1,2,3\n", "1,2,3,4,5,\"6", r#""C:\new",3"#] {
        let file = format!("{header}\n{rows}").into_bytes();
        assert_eq!(split(videoview(), &[file], 7).unwrap_err().other_quoting(), None, "{rows}");
    }
    let file = format!("{header}\n\"C:\\\",2,3,4,5,6\n1,2,3\n").into_bytes();
    let next = |quoting| {
        split_quoted(&[quoting], videoview(), std::slice::from_ref(&file), 7).unwrap_err().other_quoting()
    };
    assert_eq!(next(Quoting::Doubled), Some(Quoting::Backslash));
    assert_eq!(next(Quoting::Backslash), Some(Quoting::BackslashBeforeQuotes));
    assert_eq!(next(Quoting::BackslashBeforeQuotes), None);
    // The backslash in the first file does not explain the second file's row.
    let files = ["\"C:\\\",2,3,4,5,6\n", "1,2,3\n"].map(|rows| format!("{header}\n{rows}").into_bytes());
    assert_eq!(split(videoview(), &files, 7).unwrap_err().other_quoting(), None);
}

/// Splits files as they are collected: a file that does not fit is read by the next rule.
fn split_by_first_fit(files: &[&str]) -> Result<Vec<Vec<String>>, BadFile> {
    let files: Vec<Vec<u8>> =
        files.iter().map(|rows| format!("{}\n{rows}", HEADER.join(",")).into_bytes()).collect();
    let mut quotings = Vec::new();
    for at in 0..files.len() {
        quotings.push(Quoting::Doubled);
        while let Err(bad) = split_quoted(&quotings, videoview(), &files[..=at], 7) {
            quotings[at] = bad.other_quoting().ok_or(bad)?;
        }
    }
    Ok(read_slices(&split_quoted(&quotings, videoview(), &files, 7)?.1, b','))
}

#[test]
fn backslashes_are_escapes_only_in_files_that_escape_them() {
    let rows = [
        r#""\\server\share","n","s","c","t","u""#,
        r#""5\" disk","n","s","c","t","u""#,
        r#""a\\b","n","s","c","t","v""#,
    ];
    let first_cells = |files: &[&str]| {
        let rows = split_by_first_fit(files).unwrap();
        rows.into_iter().map(|row| row[0].clone()).collect::<Vec<_>>()
    };
    let together = |rows: &[&str]| rows.join("\n");
    // One file is RFC 4180, the other escapes quotation marks.
    assert_eq!(first_cells(&rows[..2]), ["5\" disk", r"\\server\share"]);
    assert_eq!(first_cells(&[rows[1], rows[0]]), ["5\" disk", r"\\server\share"]);
    // One file has both: it does not escape backslashes.
    assert_eq!(first_cells(&[&together(&rows)]), ["5\" disk", r"\\server\share", r"a\\b"]);
    // Nothing shows that the file does not escape backslashes.
    assert_eq!(first_cells(&[&together(&rows[1..])]), ["5\" disk", r"a\b"]);
    assert!(split_by_first_fit(&[&together(&[rows[1], "1,2,3"])]).is_err());
}

#[test]
fn rows_that_are_not_rfc_4180_are_rewritten_and_others_keep_their_bytes() {
    for (row, stored) in [
        (r#""v" ,"n",s,c,t,u"#, r#""v ","n",s,c,t,u"#),
        (r#"5" disk,"n, o",s,c,t,NULL"#, r#""5"" disk","n, o",s,c,t,"""#),
        (r#""a"b""c",n,s,c,t,"u" "#, r#""ab""""c""",n,s,c,t,"u ""#),
        (r#"5" disk,NULL,s,c,t,u"x"#, r#""5"" disk","",s,c,t,"u""x""#),
        (r#""v","say ""hi""",s,c,,"""#, r#""v","say ""hi""",s,c,,"""#),
        (r"\\server\share,C:\,s,c,t, u", r"\\server\share,C:\,s,c,t, u"),
    ] {
        let file = format!("{}\r\n{row}\r\n", HEADER.join(",")).into_bytes();
        let (summary, slices) = split(videoview(), &[file], 7).unwrap();
        assert_eq!(String::from_utf8(inflate(&slices[0])).unwrap(), format!("{stored}\n"));
        assert_eq!(summary.bytes, stored.len() as u64 + 1);
    }
}

#[test]
fn an_erasure_learns_no_null_marker() {
    use crate::erasure_filter::hash_person;
    use domain::erasure::{PersonTombstone, Tombstones};
    let given = hash_person("key", "ana@example.edu");
    let person = PersonTombstone { erasure: "p".into(), given, ids: Vec::new(), emails: Vec::new() };
    let tombstones = Tombstones { key: "key".into(), people: vec![person], courses: Vec::new() };
    let mut splitter = Splitter::new(videoview()).with_erasures(ErasureFilter::new(&tombstones));
    let row = |user: &str, email: &str| format!("v,n,s,c,t,{user},{email}\n");
    let rows = [row("null", "ana@example.edu"), row("NULL", "bo@example.edu"), row("-", "None")].concat();
    let file = format!("{},email\n{rows}", HEADER.join(","));
    splitter.push(file.as_bytes(), &mut |_| ()).unwrap();
    splitter.end_file(&mut |_| ()).unwrap();
    let summary = splitter.finish(&mut |_| ()).unwrap();
    assert_eq!((summary.rows, summary.findings.links.len()), (2, 0));
}

proptest! {
    #[test]
    fn a_header_row_in_another_order_is_rejected_with_its_line(
        order in Just((0..COLUMNS.len()).collect::<Vec<_>>()).prop_shuffle(),
        rows in prop::collection::vec(any_row(), 1..5),
        is_upper_case in any::<bool>(),
        bom in prop::sample::select(vec!["", "\u{feff}"]),
        piece_size in 1usize..200,
    ) {
        prop_assume!(!order.is_sorted());
        let quoted = |cells: Vec<String>| cells.iter().map(|c| format!("\"{c}\"")).collect::<Vec<_>>().join(",");
        let names = order.iter().filter_map(|at| COLUMNS.get(*at)).map(|(name, _)| match is_upper_case {
            true => name.to_uppercase(),
            false => (*name).to_owned(),
        });
        let first = write_file(&rows[..1], &[], Quoting::Doubled, b',', "\n", "");
        let lines = first.iter().filter(|byte| **byte == b'\n').count() + 2;
        let header = quoted(names.collect());
        let file = [first, format!("\n{bom}{header}\n").into_bytes()].concat();
        let bad = split(Some(KnownReport::Polling), &[file], piece_size).unwrap_err();
        let expected = format!("Its row 2 (line {lines}) has the column names in another order.");
        prop_assert_eq!(bad.to_string(), expected);
    }
}

#[test]
fn a_name_of_the_only_column_is_data() {
    let (summary, _) = split(None, &[b"answer\nAnswer\nanswer\n".to_vec()], 5).unwrap();
    assert_eq!(summary.rows, 2);
    let (summary, _) =
        split(None, &[b"answer,userid\nAnswer,1\nAnswer,Answer\nAnswer,User_ID\n".to_vec()], 5).unwrap();
    assert_eq!(summary.rows, 2);
}

#[test]
fn an_empty_file_beside_another_is_rejected() {
    let header = format!("{}\n", HEADER.join(",")).into_bytes();
    for empty in ["", "\u{feff}", "\n\n", "\u{feff}\r\n"] {
        assert!(split(videoview(), &[header.clone(), empty.into()], 3).is_err(), "{empty:?}");
    }
}

#[test]
fn an_invalid_file_is_rejected_with_a_reason() {
    let reason = |file: &str| split(videoview(), &[file.as_bytes().to_vec()], 7).unwrap_err().to_string();
    assert_eq!(reason("<!doctype html><p>Service Unavailable"), "It is a web page, not a report.");
    assert_eq!(reason("VideoId,userid\n1,2\n"), "Its header row lacks the column `sectionId`.");
    let header = HEADER.join(",");
    assert_eq!(
        reason(&format!("{header}\n1,2,3,4,5\n")),
        "Its row 1 (line 2) has 5 cells where the header has 6."
    );
    assert_eq!(
        reason(&format!("{header}\r\n1,2,\"3\r\n\",4,5,6\r\n\r\n1,2,\"3\n\",4,5\r\n1,2")),
        "Its row 2 (line 5) has 5 cells where the header has 6."
    );
    assert_eq!(
        reason(&format!("{header}\n1,2,3,4,5,6\n1,2,3,4,5,\"6\n")),
        "Its row 2 (line 3) has a quoted cell without an end."
    );
    assert_eq!(reason(&format!("{header}\r1,2,3,4,5\r")), "Its row 1 has 5 cells where the header has 6.");
    let two = [format!("{header}\n1,2,3,4,5,6\n"), format!("{header}\n1,2,3\n")].map(String::into_bytes);
    assert_eq!(
        split(videoview(), &two, 9).unwrap_err().to_string(),
        "Its row 1 (line 2 of file 2) has 3 cells where the header has 6."
    );
    assert_eq!(reason("\n\n"), "It has no header row.");
    assert_eq!(reason("\u{feff}"), "It is empty.");
    assert_eq!(reason(""), "It is empty.");
    assert!(split(videoview(), &[], 1).is_err());
    let mixed = [format!("{header}\n").into_bytes(), format!("more,{header}\n").into_bytes()];
    assert_eq!(
        split(videoview(), &mixed, 9).unwrap_err().to_string(),
        "Its files have different header rows."
    );
}

#[test]
fn a_file_with_only_a_header_gives_no_rows_and_no_slices() {
    for end in ["", "\n", "\r\n"] {
        let (summary, slices) =
            split(videoview(), &[format!("{}{end}", HEADER.join(",")).into_bytes()], 3).unwrap();
        assert_eq!((summary.rows, slices.len()), (0, 0));
    }
}

#[test]
fn rows_of_an_unknown_report_form_one_slice() {
    let text = b"\"user\",\"page\",\"visit_count\",\"date\"\n\"Alice\",\"home\",2,\"2020-02-02\"\n".to_vec();
    let (summary, slices) = split(None, &[text], 5).unwrap();
    assert_eq!((summary.rows, slices.len(), slices[0].course.as_str()), (1, 1, ""));
}

#[test]
fn a_slice_of_incompressible_rows_fits_into_a_stored_value() {
    // Bytes that deflate cannot compress, in rows of 50 KB.
    let mut noise = 0x9E37_79B9_u32;
    let mut rows = Vec::new();
    for _ in 0..80 {
        let name: String = (0..50_000)
            .map(|_| {
                noise ^= noise << 13;
                noise ^= noise >> 17;
                noise ^= noise << 5;
                char::from(b'!' + u8::try_from(noise % 90).unwrap())
            })
            .collect();
        let text = |t: &str| t.to_owned();
        rows.push([text("v"), name, text("s"), text("c"), text("t"), text("u")]);
    }
    let (_, slices) = split(videoview(), &[file(&rows, b',', false, false, true)], 65_536).unwrap();
    assert!(slices.len() > 1);
    assert!(slices.iter().all(|slice| slice.bytes.len() < 1_900_000));
}
