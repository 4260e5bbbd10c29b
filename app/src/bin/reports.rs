//! The program of reports, a Web Worker: starts the loop that answers the page's messages.

fn main() {
    app::reports::run();
}
