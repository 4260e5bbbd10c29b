//! The page's data thread, and what every thread of the page needs.
//!
//! - [`keeper`]: the thread itself; [`message`]: what it and the page say to each other.
//! - [`post`]: how that travels; [`stream`]: a copy's frames as they arrive.

pub mod keeper;
pub mod message;
pub mod post;
pub mod stream;
