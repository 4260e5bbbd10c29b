//! Extracts readable text from a cell with JSON or HTML. The shape is undocumented, so everything is tolerated.

use serde_json::Value;

/// Names under which a thing's words stand, the likeliest first.
const WORDS: [&str; 14] = [
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

/// How often a text may be JSON within JSON.
const DEEPEST: usize = 3;

/// A cell as JSON, if it is an object or a list; JSON that was made a text once more is unwrapped.
#[must_use]
pub fn parse_json(cell: &str) -> Option<Value> {
    let mut text = cell.trim().to_owned();
    for _ in 0..DEEPEST {
        match serde_json::from_str(&text) {
            Ok(Value::String(inner)) => text = inner,
            Ok(value @ (Value::Object(_) | Value::Array(_))) => return Some(value),
            _ => return None,
        }
    }
    None
}

/// The words of a value: a text, a number, or what stands under the likeliest name of an object.
#[must_use]
pub fn value_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(strip_html(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Object(_) => WORDS.iter().find_map(|name| find_field(value, name).and_then(value_text)),
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().filter_map(value_text).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        }
        Value::Null => None,
    }
    .filter(|text| !text.is_empty())
}

/// What stands under a name, whatever its case, `_` and spaces.
#[must_use]
pub fn find_field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let wanted = domain::column::normalize_name(name);
    value
        .as_object()?
        .iter()
        .find(|(key, _)| domain::column::normalize_name(key) == wanted)
        .map(|(_, value)| value)
}

/// What a cell says: the words of its JSON, or the cell itself where it is none or says nothing.
#[must_use]
pub fn plain_text(cell: &str) -> String {
    parse_json(cell).as_ref().and_then(value_text).unwrap_or_else(|| strip_html(cell))
}

/// A text without HTML: tags gone, the five characters that HTML writes otherwise put back, runs of space one.
#[must_use]
pub fn strip_html(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        bare.push_str(before);
        // `a < b` is no tag: those begin with a letter or a slash.
        let is_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        rest = match after.split_once('>').filter(|_| is_tag) {
            Some((_, after)) => {
                bare.push(' ');
                after
            }
            None => {
                bare.push('<');
                after
            }
        };
    }
    bare.push_str(rest);
    for (written, meant) in
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
    {
        if bare.contains(written) {
            bare = bare.replace(written, meant);
        }
    }
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_cell_is_a_panic(cell in ".{0,60}") {
            let _ = (plain_text(&cell), parse_json(&cell));
        }

        #[test]
        fn words_without_markup_stay_as_they_are(text in "[a-z]{1,6}( [a-z]{1,6}){0,4}") {
            prop_assert_eq!(plain_text(&text), text);
        }
    }

    #[test]
    fn a_cell_is_read_whatever_its_shape() {
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
