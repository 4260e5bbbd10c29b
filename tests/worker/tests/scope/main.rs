//! Access scopes: every route × every visitor. The Worker returns everything in a visitor's scope and nothing
//! outside it.
//!
//! Each combination is one test, named `METHOD /path · visitor` and generated from the table in `routes`. All
//! tests share one sandbox and one Worker. Expected rows come from the sandbox's ground truth, not from the
//! Worker.
//!
//! ```sh
//! cargo test -p worker-tests --test scope -- "GET /api/csv"
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail at the first error"
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

/// The state that all tests share. The first test to run starts the setup; `--list` does not.
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
                // In a task, so that if the setup panics the other tests fail at once instead of starting it
                // again.
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
fn running_setup(setup: &OnceCell<Option<Setup>>) -> &Setup {
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
                let setup = running_setup(&setup);
                cases::check(setup, target, &setup.visitors[place]).await;
            }));
        }
    }
    trials.push(shared.trial("the test data can reveal a leak".into(), |setup| async move {
        others::the_test_data_can_reveal_a_leak(running_setup(&setup));
    }));
    trials.push(shared.trial("an instructor sees only their own requests".into(), |setup| async move {
        others::an_instructor_sees_only_their_own_requests(running_setup(&setup)).await;
    }));
    trials.push(shared.trial("a quota limits one person's requests".into(), |setup| async move {
        others::a_quota_limits_one_persons_requests(running_setup(&setup)).await;
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
