//! The data thread: starts the loop that answers the page's messages.

fn main() {
    thread::keeper::run();
}
