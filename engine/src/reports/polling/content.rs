//! Parses a poll's options from `activity_content`: JSON whose shape the reference leaves open.
//!
//! The first list that looks like one of choices is taken, under the likeliest names before any other. Where
//! there is none, a poll's options are the answers that were given.

use crate::reports::cell_text::{find_field, parse_json, strip_html, value_text};
use serde_json::Value;

/// Names under which choices stand, the likeliest first.
const LISTS: [&str; 10] = [
    "choices",
    "options",
    "answers",
    "responses",
    "alternatives",
    "possibleAnswers",
    "possibleResponses",
    "items",
    "values",
    "selections",
];

/// Names under which a choice's own id stands.
const IDS: [&str; 7] = ["id", "key", "choiceId", "optionId", "uuid", "index", "letter"];

/// Lists within lists that are looked through.
const DEEPEST: usize = 6;

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its id inside the poll, where it has one: an answer may be told by it.
    pub id: Option<String>,
    /// What it says.
    pub text: String,
}

/// The choices of a poll, in their order; none where the content says none.
#[must_use]
pub fn choices(content: &str) -> Vec<Choice> {
    let Some(value) = parse_json(content) else { return Vec::new() };
    let list = if value.is_array() { Some(&value) } else { list_in(&value, DEEPEST) };
    list.map(read).unwrap_or_default()
}

fn list_in(value: &Value, depth: usize) -> Option<&Value> {
    let depth = depth.checked_sub(1)?;
    let is_list = |value: &&Value| !read(value).is_empty();
    if let Some(list) = LISTS.iter().find_map(|name| find_field(value, name).filter(is_list)) {
        return Some(list);
    }
    match value {
        Value::Object(fields) => fields.values().find_map(|value| list_in(value, depth)),
        Value::Array(parts) => parts.iter().find_map(|value| list_in(value, depth)),
        _ => None,
    }
}

/// The choices of a list, or of an object whose names are their ids.
fn read(list: &Value) -> Vec<Choice> {
    match list {
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| {
                let id = IDS.iter().find_map(|name| find_field(part, name).and_then(value_text));
                Some(Choice { id, text: value_text(part)? })
            })
            .collect(),
        Value::Object(fields) if fields.len() > 1 => fields
            .iter()
            .map(|(id, value)| match value {
                Value::String(text) => Some(Choice { id: Some(id.clone()), text: strip_html(text) }),
                _ => None,
            })
            .collect::<Option<_>>()
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_content_is_a_panic(content in "[\\[\\]{}\":,a-c0-9 ]{0,60}") {
            let _ = choices(&content);
        }

        #[test]
        fn choices_are_read_back_in_their_order(texts in prop::collection::vec("[A-Z][a-z]{0,8}", 1..6)) {
            let objects: Vec<_> =
                texts.iter().enumerate().map(|(id, text)| serde_json::json!({ "id": id, "text": text })).collect();
            for content in [
                serde_json::json!({ "type": "multiple-choice", "choices": objects }),
                serde_json::json!({ "question": { "body": "?", "Possible_Answers": texts } }),
                serde_json::json!(texts),
                serde_json::json!(serde_json::json!({ "options": texts }).to_string()),
            ] {
                let read: Vec<String> = choices(&content.to_string()).into_iter().map(|c| c.text).collect();
                prop_assert_eq!(&read, &texts);
            }
        }
    }

    #[test]
    fn odd_shapes_are_read_or_left_and_never_guessed() {
        let texts = |content: &str| choices(content).into_iter().map(|c| c.text).collect::<Vec<_>>();
        assert_eq!(texts(r#"{"choices":{"A":"Yes","B":"No"}}"#), ["Yes", "No"]);
        assert_eq!(texts(r#"{"options":[{"html":"<b>Yes</b>"},{"label":"No"},null]}"#), ["Yes", "No"]);
        assert_eq!(texts(r#"{"options":[true,false]}"#), ["true", "false"]);
        for content in ["", "Yes or no", "{", r#"{"type":"short-answer"}"#, r#"{"choices":[]}"#, "7"] {
            assert!(texts(content).is_empty(), "{content}");
        }
    }
}
