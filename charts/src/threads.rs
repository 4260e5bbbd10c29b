//! Questions with their answers, as the page lists them: who said what, and when.

use domain::wire_struct;

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Who said it; may be empty.
    pub who: String,
    /// What they are: `Student`.
    pub role: String,
    /// Whether they are staff, for a mark beside the name.
    pub is_staff: bool,
    /// When, as it is spelt; empty where no report says it.
    pub when: String,
    /// What; `None` where contents were not asked for.
    pub text: Option<String>,
    /// What else there is to say of it: `edited twice`; may be empty.
    pub note: String,
}

wire_struct!(Post { who, role, is_staff, when, text, note });

/// A question with its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Tells it from others.
    pub id: String,
    /// The question.
    pub question: Post,
    /// Its answers, the oldest first.
    pub answers: Vec<Post>,
}

wire_struct!(Thread { id, question, answers });

/// Threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threads {
    /// The newest first.
    pub threads: Vec<Thread>,
    /// How many there are in all: more than are here, where only the first are.
    pub total: u64,
}

wire_struct!(Threads { threads, total });
