//! The page's data thread, and what every thread of the page needs.
//!
//! - [`keeper`]: the thread itself; [`message`]: what it and the page say to each other.
//! - [`readers`]: further threads that decode for it; [`reader`]: one of them.
//! - [`post`]: how all that travels; [`stream`]: a copy's frames as they arrive.

pub mod keeper;
pub mod message;
pub mod post;
pub mod reader;
pub mod readers;
pub mod stream;
