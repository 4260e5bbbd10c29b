//! Parses a poll's choices from `activity_content`: JSON whose shape the reference leaves open.
//!
//! Takes the first list that looks like a list of choices, under the likeliest names before any other. If
//! there is none, the poll's options are the answers that were given.

use crate::reports::cell_text::{find_field, parse_json, strip_html, value_text};
use serde_json::Value;

/// Field names of a list of choices, the likeliest first.
const LIST_NAMES: [&str; 10] = [
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

/// Field names of a choice's id.
const ID_NAMES: [&str; 7] = ["id", "key", "choiceId", "optionId", "uuid", "index", "letter"];

/// Levels of nested objects and lists that are searched.
const MAX_DEPTH: usize = 6;

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its id inside the poll, if it has one. Answers may refer to it.
    pub id: Option<String>,
    /// Its text.
    pub text: String,
}

/// The choices of a poll, in their order; empty if the content has none.
#[must_use]
pub fn choices(content: &str) -> Vec<Choice> {
    let Some(value) = parse_json(content) else { return Vec::new() };
    let list = if value.is_array() { Some(&value) } else { find_list(&value, MAX_DEPTH) };
    list.map(parse_choices).unwrap_or_default()
}

fn find_list(value: &Value, depth: usize) -> Option<&Value> {
    let depth = depth.checked_sub(1)?;
    let is_list = |value: &&Value| !parse_choices(value).is_empty();
    if let Some(list) = LIST_NAMES.iter().find_map(|name| find_field(value, name).filter(is_list)) {
        return Some(list);
    }
    match value {
        Value::Object(fields) => fields.values().find_map(|value| find_list(value, depth)),
        Value::Array(parts) => parts.iter().find_map(|value| find_list(value, depth)),
        _ => None,
    }
}

/// The choices of a list, or of an object that maps their ids to texts.
fn parse_choices(list: &Value) -> Vec<Choice> {
    match list {
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| {
                let id = ID_NAMES.iter().find_map(|name| find_field(part, name).and_then(value_text));
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
        fn no_content_panics(content in "[\\[\\]{}\":,a-c0-9 ]{0,60}") {
            let _ = choices(&content);
        }

        #[test]
        fn choices_are_parsed_in_their_order(texts in prop::collection::vec("[A-Z][a-z]{0,8}", 1..6)) {
            let objects: Vec<_> =
                texts.iter().enumerate().map(|(id, text)| serde_json::json!({ "id": id, "text": text })).collect();
            for content in [
                serde_json::json!({ "type": "multiple-choice", "choices": objects }),
                serde_json::json!({ "question": { "body": "?", "Possible_Answers": texts } }),
                serde_json::json!(texts),
                serde_json::json!(serde_json::json!({ "options": texts }).to_string()),
            ] {
                let read_texts: Vec<String> = choices(&content.to_string()).into_iter().map(|c| c.text).collect();
                prop_assert_eq!(&read_texts, &texts);
            }
        }
    }

    #[test]
    fn unusual_shapes_are_parsed_or_ignored() {
        let texts = |content: &str| choices(content).into_iter().map(|c| c.text).collect::<Vec<_>>();
        assert_eq!(texts(r#"{"choices":{"A":"Yes","B":"No"}}"#), ["Yes", "No"]);
        assert_eq!(texts(r#"{"options":[{"html":"<b>Yes</b>"},{"label":"No"},null]}"#), ["Yes", "No"]);
        assert_eq!(texts(r#"{"options":[true,false]}"#), ["true", "false"]);
        for content in ["", "Yes or no", "{", r#"{"type":"short-answer"}"#, r#"{"choices":[]}"#, "7"] {
            assert!(texts(content).is_empty(), "{content}");
        }
    }
}
