//! The stored format of a share's published week must not change, since stored data outlives a deployment.

use engine::published_week::PublishedNumbers;

#[test]
fn published_week_format_is_unchanged() {
    for text in [
        r#"{"rule":2,"sections":{"s":[{"value":12.5,"most":10},null]}}"#,
        r#"{"rule":2,"sections":{},"repeated":true}"#,
    ] {
        let numbers: PublishedNumbers = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&numbers).unwrap(), text);
        assert!(numbers.is_current());
    }
    // Numbers that were stored before rules had versions.
    let text = r#"{"sections":{"s":[{"value":12.5,"most":10}]},"total":[{"value":40.0,"most":30}]}"#;
    let numbers: PublishedNumbers = serde_json::from_str(text).unwrap();
    assert!(!numbers.is_current() && numbers.sections.len() == 1 && numbers.older_total.len() == 1);
}
