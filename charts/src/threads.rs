//! Questions with their answers, as the page lists them.

use serde::{Deserialize, Serialize};

/// A question or an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The author's name; may be empty.
    pub who: String,
    /// The author's role, as displayed: `Student`.
    pub role: String,
    /// Whether the author is staff, which the page marks beside the name.
    pub is_staff: bool,
    /// The formatted time; empty if the report has none.
    pub when: String,
    /// The text; `None` unless contents were requested.
    pub text: Option<String>,
    /// A remark: `edited twice`; may be empty.
    pub note: String,
}

/// A question with its answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The question's id, unique in the list.
    pub id: String,
    /// The question.
    pub question: Post,
    /// Its answers, the oldest first.
    pub answers: Vec<Post>,
}

/// A list of threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threads {
    /// The threads, newest first.
    pub threads: Vec<Thread>,
    /// Number of all threads: more than `threads.len()` if only the newest are listed.
    pub total: u64,
}
