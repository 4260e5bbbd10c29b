//! The page: mounts the Leptos application in the document.

fn main() {
    app::page::run();
}
