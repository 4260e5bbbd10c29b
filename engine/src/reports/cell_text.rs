//! Extracts readable text from a cell with JSON or HTML. The shape is undocumented, so any shape is accepted.

use serde_json::Value;

/// Field names of an object's text, the likeliest first.
const TEXT_FIELDS: [&str; 14] = [
    "text",
    "label",
    "value",
    "title",
    "name",
    "content",
    "body",
    "note",
    "choice",
    "option",
    "answer",
    "response",
    "html",
    "plainText",
];

/// How many levels of JSON within a JSON string are unwrapped.
const MAX_DEPTH: usize = 3;

/// Parses a cell as JSON, if it is an object or a list, or a JSON string that contains one.
#[must_use]
pub fn parse_json(cell: &str) -> Option<Value> {
    let mut text = cell.trim().to_owned();
    for _ in 0..MAX_DEPTH {
        match serde_json::from_str(&text) {
            Ok(Value::String(inner)) => text = inner,
            Ok(value @ (Value::Object(_) | Value::Array(_))) => return Some(value),
            _ => return None,
        }
    }
    None
}

/// The text of a value: a string, number or boolean, the likeliest field of an object, or the texts of a
/// list, joined by spaces. `None` if it is empty.
#[must_use]
pub fn value_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(strip_html(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Object(_) => TEXT_FIELDS.iter().find_map(|name| find_field(value, name).and_then(value_text)),
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().filter_map(value_text).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        }
        Value::Null => None,
    }
    .filter(|text| !text.is_empty())
}

/// The field of an object by name, ignoring case, `_` and spaces.
#[must_use]
pub fn find_field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let name = domain::column::normalize_name(name);
    value
        .as_object()?
        .iter()
        .find(|(key, _)| domain::column::normalize_name(key) == name)
        .map(|(_, value)| value)
}

/// The readable text of a cell: the text of its JSON, or the cell itself without HTML if there is none.
#[must_use]
pub fn plain_text(cell: &str) -> String {
    parse_json(cell).as_ref().and_then(value_text).unwrap_or_else(|| strip_html(cell))
}

/// Removes HTML: drops tags, decodes the common character references, and collapses white space.
#[must_use]
pub fn strip_html(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        // A tag begins with a letter or a slash, unlike `a < b`.
        let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        rest = match after.split_once('>').filter(|_| is_tag) {
            Some((_, after)) => {
                plain.push(' ');
                after
            }
            None => {
                plain.push('<');
                after
            }
        };
    }
    plain.push_str(rest);
    for (reference, character) in
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        if plain.contains(reference) {
            plain = plain.replace(reference, character);
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_cell_panics(cell in ".{0,60}") {
            let _ = (plain_text(&cell), parse_json(&cell));
        }

        #[test]
        fn text_without_markup_is_unchanged(text in "[a-z]{1,6}( [a-z]{1,6}){0,4}") {
            prop_assert_eq!(plain_text(&text), text);
        }
    }

    #[test]
    fn text_is_found_in_cells_of_any_shape() {
        for (cell, expected) in [
            (r#"{"slide":3,"text":"Osmosis"}"#, "Osmosis"),
            (r#"{"content":{"html":"<p>a &amp; b</p>"}}"#, "a & b"),
            (r#""{\"Text\":\"twice\"}""#, "twice"),
            (r#"[{"text":"one"},"two",3]"#, "one two 3"),
            (r#"{"slide":3}"#, r#"{"slide":3}"#),
            ("{\"text\":", "{\"text\":"),
            ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
            ("", ""),
        ] {
            assert_eq!(plain_text(cell), expected, "{cell}");
        }
    }
}
