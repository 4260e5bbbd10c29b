//! Access scopes: every route × every visitor. The Worker returns everything in a visitor's scope and nothing outside it.
//!
//! Each combination is one test, named `METHOD /path · visitor` and generated from the table in `routes`. All tests share one
//! sandbox and one Worker. Expected rows come from the sandbox's truth, not from the Worker.
//!
//! ```sh
//! cargo test -p worker-tests --test scope -- "GET /api/csv"
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod cases;
mod others;
mod routes;
mod setup;
mod visitors;

use libtest_mimic::{Arguments, Failed, Trial};
use setup::Setup;
use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

/// What all tests share. The first test to run starts the setup; `--list` does not.
#[derive(Clone)]
struct Shared {
    runtime: Arc<Runtime>,
    setup: Arc<OnceCell<Option<Setup>>>,
}

impl Shared {
    /// A test with this name that waits for the setup.
    fn trial<F>(
        &self,
        name: String,
        case: impl FnOnce(Arc<OnceCell<Option<Setup>>>) -> F + Send + 'static,
    ) -> Trial
    where
        F: Future<Output = ()>,
    {
        let Self { runtime, setup } = self.clone();
        Trial::test(name, move || {
            runtime.block_on(async {
                // In a task: if the setup panics, the other tests fail at once instead of starting it again.
                let start = || async { tokio::spawn(Setup::start()).await.ok() };
                if setup.get_or_init(start).await.is_none() {
                    return Err(Failed::from("the Worker could not be set up"));
                }
                case(Arc::clone(&setup)).await;
                Ok(())
            })
        })
    }
}

/// The running setup.
fn started(setup: &OnceCell<Option<Setup>>) -> &Setup {
    setup.get().and_then(Option::as_ref).unwrap()
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let threads = std::env::var("RUST_TEST_THREADS").ok().and_then(|threads| threads.parse().ok());
    arguments.test_threads = arguments.test_threads.or(threads);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let shared = Shared { runtime: Arc::new(runtime), setup: Arc::new(OnceCell::new()) };
    let mut trials = Vec::new();
    for target in routes::targets() {
        for (place, visitor) in visitors::all().into_iter().enumerate() {
            let name = format!("{} {} · {}", target.method, target.path, visitor.name);
            trials.push(shared.trial(name, move |setup| async move {
                let setup = started(&setup);
                cases::check(setup, target, &setup.visitors[place]).await;
            }));
        }
    }
    trials.push(shared.trial("a leak would show".into(), |setup| async move {
        others::a_leak_would_show(started(&setup));
    }));
    trials.push(shared.trial("what an instructor asks for is theirs alone".into(), |setup| async move {
        others::what_an_instructor_asks_for_is_theirs_alone(started(&setup)).await;
    }));
    trials.push(shared.trial("a quota keeps one person from filling the queue".into(), |setup| async move {
        others::a_quota_keeps_one_person_from_filling_the_queue(started(&setup)).await;
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    let Shared { runtime, setup } = shared;
    if let Some(setup) = Arc::into_inner(setup).and_then(OnceCell::into_inner).flatten() {
        if conclusion.has_failed() {
            // Keep the Worker's state and log; its processes end with this one.
            std::mem::forget(setup);
        } else {
            setup.check_afterwards();
            runtime.block_on(async { drop(setup) });
        }
    }
    conclusion.exit_code()
}
