//! Searches the texts of rows, ignoring case.

/// A text that is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSearch {
    /// In lower case, without white space around it; not empty.
    part: String,
}

impl TextSearch {
    /// A search for texts that contain `part`; `None` if it is blank: then every row is found.
    #[must_use]
    pub fn new(part: &str) -> Option<Self> {
        let part = part.trim().to_lowercase();
        (!part.is_empty()).then_some(Self { part })
    }

    /// Whether a text contains what is searched for.
    ///
    /// ```
    /// use engine::text_search::TextSearch;
    /// let search = TextSearch::new(" NUÑ ").unwrap();
    /// assert!(search.finds("Nuñez, Ana") && !search.finds("Li, Bo"));
    /// assert_eq!(TextSearch::new(" "), None);
    /// ```
    #[must_use]
    pub fn finds(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.part)
    }
}
