//! The stored format of a share's published week must not change, since stored data outlives a deployment.

use engine::published_week::PublishedNumbers;

#[test]
fn published_week_format_is_unchanged() {
    let text = r#"{"sections":{"s":[{"value":12.5,"most":10},null]},"total":[{"value":40.0,"most":30}]}"#;
    let numbers: PublishedNumbers = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&numbers).unwrap(), text);
    let empty = r#"{"sections":{},"total":[]}"#;
    assert_eq!(serde_json::to_string(&PublishedNumbers::default()).unwrap(), empty);
}
