//! Makes text cells safe in spreadsheets, which would run some of them as formulas. Students may type such text.
//!
//! A spreadsheet program may split a file at another delimiter than the one it was written with, or paste its
//! lines one by one, without regard to quotes. So a formula may begin not only at the start of a cell, but also
//! after each delimiter and line break inside it.

use std::borrow::Cow;

/// The cell, with `'` before each part of it that a spreadsheet would run as a formula. Parts begin at the start
/// of the cell and after each `,`, `;`, tab, `|` and line break. A part is a formula if it starts with `=`, `+`,
/// `-`, `@` or the full-width form of one, after any blanks and quotes. A cell that starts with a tab or a
/// carriage return gets a `'`, too. A cell that is a plain number stays as it is.
///
/// ```
/// use domain::formula_injection::disarm_formulas;
/// assert_eq!(&*disarm_formulas(b"=1+1"), b"'=1+1");
/// assert_eq!(&*disarm_formulas(b"a; =1|b\n-A1"), b"a;' =1|b\n'-A1");
/// assert_eq!(&*disarm_formulas("＝1".as_bytes()), "'＝1".as_bytes());
/// for harmless in ["-3.5", "+1e6", "a=b", "2026-02-02", "you@example.org", "1; 2", ""] {
///     assert_eq!(&*disarm_formulas(harmless.as_bytes()), harmless.as_bytes());
/// }
/// ```
#[must_use]
pub fn disarm_formulas(cell: &[u8]) -> Cow<'_, [u8]> {
    // The start of a full-width form is the byte 0xEF.
    let may_start_formula = |byte: &u8| matches!(byte, b'=' | b'+' | b'-' | b'@' | 0xEF);
    let starts_with_control = matches!(cell.first(), Some(b'\t' | b'\r'));
    if !starts_with_control && !cell.iter().any(may_start_formula) || is_number(cell) {
        return Cow::Borrowed(cell);
    }
    let mut disarmed = Vec::with_capacity(cell.len() + 1);
    if starts_with_control {
        disarmed.push(b'\'');
    }
    let (mut copied, mut at) = (0, 0);
    // The start of the part, while only blanks and quotes have been read of it.
    let mut part_start = Some(0);
    for chunk in cell.utf8_chunks() {
        for character in chunk.valid().chars() {
            let next = at + character.len_utf8();
            if is_separator(character) {
                part_start = Some(next);
            } else if let Some(start) = part_start
                && !is_skipped(character)
            {
                part_start = None;
                if is_formula_start(character) {
                    disarmed.extend_from_slice(cell.get(copied..start).unwrap_or_default());
                    disarmed.push(b'\'');
                    copied = start;
                }
            }
            at = next;
        }
        if !chunk.invalid().is_empty() {
            part_start = None;
            at += chunk.invalid().len();
        }
    }
    disarmed.extend_from_slice(cell.get(copied..).unwrap_or_default());
    Cow::Owned(disarmed)
}

/// Whether a spreadsheet takes a cell that starts with this character for a formula.
fn is_formula_start(character: char) -> bool {
    matches!(character, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

/// Whether a program may split a cell here: at delimiters and line breaks.
fn is_separator(character: char) -> bool {
    matches!(
        character,
        ',' | ';' | '|' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Whether a program may leave out this character at the start of a cell: blanks, invisible characters, quotes.
fn is_skipped(character: char) -> bool {
    let is_invisible = matches!(character, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}');
    character == '"' || character.is_whitespace() || character.is_control() || is_invisible
}

/// Whether the cell is a decimal number: only sign, digits, fraction and exponent.
fn is_number(cell: &[u8]) -> bool {
    let unsigned = cell.strip_prefix(b"-").or_else(|| cell.strip_prefix(b"+")).unwrap_or(cell);
    unsigned.first().is_some_and(|b| b.is_ascii_digit() || *b == b'.')
        && unsigned.iter().all(|b| b.is_ascii_digit() || b".eE+-".contains(b))
        && std::str::from_utf8(cell).is_ok_and(|text| text.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn disarm(text: &str) -> String {
        String::from_utf8(disarm_formulas(text.as_bytes()).into_owned()).unwrap()
    }

    const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

    #[test]
    fn every_part_of_a_cell_that_is_a_formula_gets_an_apostrophe() {
        for start in FORMULA_STARTS {
            assert_eq!(disarm(&format!("{start}1+1")), format!("'{start}1+1"));
            for blank in [" ", "\u{a0}", "\u{3000}", "\u{feff}", "\u{0}", "\"", " \" "] {
                assert_eq!(disarm(&format!("{blank}{start}A1")), format!("'{blank}{start}A1"));
            }
            for separator in [",", ";", "|", "\t", "\n", "\r", "\r\n", "\u{b}", "\u{85}", "\u{2028}"] {
                assert_eq!(
                    disarm(&format!("a{separator} {start}A1{separator}b{start}")),
                    format!("a{separator}' {start}A1{separator}b{start}")
                );
            }
        }
        // In the middle of a cell, numbers are disarmed, too: the next character may be the end of a quote.
        assert_eq!(disarm("1;-2"), "1;'-2");
        assert_eq!(disarm("\t=1"), "'\t'=1");
        assert_eq!(disarm("\rtext"), "'\rtext");
        assert_eq!(&*disarm_formulas(b"\xff=1;=\xff"), b"\xff=1;'=\xff");
    }

    #[test]
    fn numbers_and_other_text_stay() {
        for text in ["-3.5", "+1e6", "-.5", "2026-02-02", "a@b.c", "x = 1", "'=1", "—", "R\u{fc}ckfrage; a=b"]
        {
            assert_eq!(disarm(text), text);
        }
        assert_eq!(disarm("- yes"), "'- yes");
        assert_eq!(disarm("-"), "'-");
    }

    proptest! {
        #[test]
        fn no_part_starts_with_a_formula_character_and_removing_apostrophes_restores_the_cell(
            text in "[-=+@＝＋－＠ ,;|\t\r\n\"'a1.\u{a0}\u{2028}]{0,16}",
        ) {
            let disarmed = disarm(&text);
            let is_break = |c: char| "\n\r\u{b}\u{c}\u{85}\u{2028}\u{2029}".contains(c);
            for delimiter in [',', ';', '\t', '|'] {
                for part in disarmed.split(|c: char| c == delimiter || is_break(c)) {
                    let part = part.trim_matches(|c: char| c.is_whitespace() || c == '"');
                    let is_kept = disarmed == text && text.parse::<f64>().is_ok();
                    prop_assert!(is_kept || !part.starts_with(FORMULA_STARTS), "{disarmed:?}");
                }
            }
            prop_assert_eq!(disarmed.replace('\'', ""), text.replace('\'', ""));
            prop_assert_eq!(disarm(&disarmed), disarmed);
        }

        #[test]
        fn every_input_is_accepted(cell in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(disarm_formulas(&cell).len() >= cell.len());
        }
    }
}
