//! The data thread and its readers, which are told apart by their names.

fn main() {
    if thread::post::name() == thread::readers::NAME {
        thread::reader::run();
    } else {
        thread::keeper::run();
    }
}
