//! The thread of reports: starts the loop that answers the page's messages.

fn main() {
    app::reports::run();
}
