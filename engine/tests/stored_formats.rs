//! Format of a stored week of a share: state outlives a deploy.

use engine::published_week::PublishedNumbers;

#[test]
fn shared_week_format_unchanged() {
    let text = r#"{"sections":{"s":[{"value":12.5,"most":10},null]},"total":[{"value":40.0,"most":30}]}"#;
    let read: PublishedNumbers = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    let nothing = r#"{"sections":{},"total":[]}"#;
    assert_eq!(serde_json::to_string(&PublishedNumbers::default()).unwrap(), nothing);
}
