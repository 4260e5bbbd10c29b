//! The Leptos page and its data thread.
