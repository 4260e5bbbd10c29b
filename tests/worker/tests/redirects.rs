//! Redirects: the Worker follows the redirects of a file link, but contacts only allowed hosts. It follows no
//! redirect of an API call.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail at the first error"
)]

use domain::api::{RequestInfo, WindowInfo, WindowStatus};
use domain::problem::Code;
use domain::time::plus_days;
use sandbox::Report;
use sandbox::faults::{Fault, Order, Point};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};
use worker_tests::reading::{Digest, frames};
use worker_tests::{Stack, Weeks, free_port, quick};

const PATIENCE: Duration = Duration::from_secs(150);

/// A host that must not be contacted. A connection to it stays in the listener's backlog.
struct Trap(TcpListener);

impl Trap {
    fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn host(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }

    fn was_contacted(&self) -> bool {
        self.0.accept().is_ok()
    }
}

/// A sandbox and a Worker. `LECTERN_ASSET_HOSTS` allows this sandbox and one other, each with its port. No
/// other port of this machine is allowed, and no other name for it.
struct Setup {
    stack: Stack,
    other: sandbox::Running,
    here: String,
    there: String,
}

impl Setup {
    async fn start() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let other = sandbox::start(quick()).await.unwrap();
        let (here, there) = (listen.to_string(), other.address.to_string());
        let settings = sandbox::Settings { listen, build_seconds: 0.1..=0.2, ..quick() };
        let hosts = format!("{here},{there}");
        let stack = Stack::with(settings, &[("LECTERN_ASSET_HOSTS", &hosts)]).await;
        Self { stack, other, here, there }
    }

    /// Requests as many weeks as there are redirects; each redirect applies to the file of one week.
    async fn collect(&self, redirects: &[Order]) -> RequestInfo {
        let weeks = Weeks::back(1, redirects.len() as u64);
        for (order, week) in redirects.iter().zip(0..) {
            let start = plus_days(weeks.from, 7 * week).to_string();
            self.stack.sandbox.harm(vec![Order { start: Some(start), ..order.clone() }]);
        }
        let request = self.stack.ask_weeks(Report::Confused, &weeks).await;
        self.stack.settled(&request.id, PATIENCE).await
    }

    /// HTTP requests so far: `[files here, hops here, files at the other sandbox, hops at the other
    /// sandbox]`.
    fn calls(&self) -> [u64; 4] {
        let count = |sandbox: &sandbox::Running, kind: &str| {
            sandbox.ledger()["calls"].get(kind).map_or(0, |count| count.as_u64().unwrap())
        };
        let (here, there) = (&self.stack.sandbox, &self.other);
        [count(here, "file"), count(here, "hop"), count(there, "file"), count(there, "hop")]
    }

    async fn check_rows(&self, window: &WindowInfo, what: &str) {
        let (start, end) = (window.start.unwrap().to_string(), window.end.unwrap().to_string());
        let truth = sandbox::truth::Ask::days(Report::Confused, &start, &end).unwrap();
        let rows = frames(&self.stack, &format!("confused/{}", window.id)).await;
        assert_eq!(rows.digest(), Digest::of_truth(&self.stack, &truth), "{what}");
    }

    /// Redirects each kind of call to `host`, once with 302 and once with 307. A client that follows a 307 sends
    /// its body again, such as the client secret.
    fn redirect_calls(&self, points: &[Point], host: &str) {
        let order = |on: Point, status: u16| Order {
            on: Some(on),
            status: Some(status),
            ..redirect_through(&[host])
        };
        let orders = points.iter().flat_map(|point| [order(*point, 302), order(*point, 307)]);
        self.stack.sandbox.harm(orders.collect());
    }

    /// The redirects that no call has received yet.
    async fn pending_redirects(&self) -> Vec<String> {
        let faults = self.stack.http.get(format!("{}/sandbox/faults", self.stack.sandbox.url()));
        let faults: serde_json::Value = faults.send().await.unwrap().json().await.unwrap();
        let faults = faults["faults"].as_array().unwrap();
        faults.iter().filter(|fault| fault["struck"] != 1).map(ToString::to_string).collect()
    }

    fn check_secrets(&self) {
        self.stack.check_ledger();
        assert_eq!(
            self.other.ledger()["authorization_leaks"],
            0,
            "no access token may be sent to a file host"
        );
    }
}

fn redirect_through(hops: &[&str]) -> Order {
    Order { hops: hops.iter().map(|hop| (*hop).to_owned()).collect(), ..Order::once(Fault::Redirect) }
}

#[tokio::test]
async fn a_redirect_to_an_allowed_host_is_followed_to_the_file() {
    let setup = Setup::start().await;
    let (here, there) = (setup.here.as_str(), setup.there.as_str());
    let mut redirects: Vec<Order> = [301, 302, 303, 307, 308]
        .map(|status| Order { status: Some(status), ..redirect_through(&[here]) })
        .into_iter()
        .collect();
    redirects.push(redirect_through(&[""]));
    redirects.push(redirect_through(&[there, here]));
    // The maximum number of redirects.
    redirects.push(redirect_through(&[here, there, here]));
    let request = setup.collect(&redirects).await;
    for (redirect, window) in redirects.iter().zip(&request.windows) {
        assert_eq!((window.state, window.tries), (WindowStatus::Ready, 0), "{redirect:?} {window:#?}");
        setup.check_rows(window, &format!("{redirect:?}")).await;
    }
    let files = 2 * redirects.len() as u64;
    assert_eq!(setup.calls(), [files, 1, 0, 2], "each link, file and hop must be fetched once");
    setup.check_secrets();
}

#[tokio::test]
async fn a_redirect_to_a_host_that_is_not_allowed_is_never_followed() {
    let setup = Setup::start().await;
    let trap = Trap::bind();
    let (here, there, trap_host) = (setup.here.as_str(), setup.there.as_str(), trap.host());
    let port = setup.stack.sandbox.address.port();
    let (by_name, by_user) = (format!("localhost:{port}"), format!("http://user@{here}"));
    let secure = format!("https://{trap_host}");
    let ftp = format!("ftp://{here}");
    let redirects = [
        redirect_through(&[&trap_host]),
        // An allowed hop leads to a host that is not allowed.
        redirect_through(&[here, there, &trap_host]),
        redirect_through(&[&by_name]),
        redirect_through(&[&by_user]),
        redirect_through(&[&secure]),
        // An allowed host, but not over HTTP.
        redirect_through(&[&ftp]),
    ];
    let request = setup.collect(&redirects).await;
    for (redirect, window) in redirects.iter().zip(&request.windows) {
        assert_eq!(window.state, WindowStatus::Failed, "{redirect:?} {window:#?}");
        let fault = window.fault.as_ref().unwrap();
        assert!(fault.ends_with('.') && !fault.contains("Signature"), "{fault}");
        if redirect.hops != [ftp.as_str()] {
            assert!(fault.contains("LECTERN_ASSET_HOSTS"), "the fault must name the setting: {fault}");
        }
        if redirect.hops.contains(&trap_host) || redirect.hops == [by_name.as_str()] {
            let host = redirect.hops.last().unwrap();
            assert!(fault.contains(host.as_str()), "the fault must name host and port: {fault}");
        }
        let rows = setup.stack.problem(&format!("/api/rows/confused/{}", window.id)).await;
        assert_eq!(rows.code, Code::RowsNotReady);
    }
    assert!(!trap.was_contacted(), "the Worker connected to {trap_host}");
    let links = redirects.len() as u64;
    assert_eq!(
        setup.calls(),
        [links, 1, 0, 1],
        "each link and the two allowed hops must be fetched once, and no file after a redirect"
    );
    setup.check_secrets();
}

#[tokio::test]
async fn a_chain_of_too_many_redirects_is_given_up() {
    let setup = Setup::start().await;
    let here = setup.here.as_str();
    let redirect = Order { always: true, ..redirect_through(&[here, here, here, here]) };
    let request = setup.collect(&[redirect]).await;
    let [window] = request.windows.as_slice() else { panic!("one week: {request:#?}") };
    assert_eq!((window.state, window.tries), (WindowStatus::Failed, 3), "{window:#?}");
    let fault = window.fault.as_ref().unwrap();
    assert!(fault.contains("redirect") && !fault.contains("Signature"), "{fault}");
    assert!(window.upstream_request_id.is_some(), "the id for Echo360's support must be given");
    let [files, hops, ..] = setup.calls();
    assert!(files > 0);
    assert_eq!(hops, 3 * files, "three redirects must be followed each time, and never to the file itself");
    setup.check_secrets();
}

#[tokio::test]
async fn a_call_to_the_api_follows_no_redirect() {
    let setup = Setup::start().await;
    let trap = Trap::bind();
    let trap_host = trap.host();
    setup.redirect_calls(&[Point::List, Point::One, Point::Token], &trap_host);
    let request = setup.stack.ask_weeks(Report::Confused, &Weeks::back(1, 1)).await;
    let request = setup.stack.settled(&request.id, PATIENCE).await;
    let [window] = request.windows.as_slice() else { panic!("one week: {request:#?}") };
    assert_eq!(
        (window.state, window.tries),
        (WindowStatus::Ready, 0),
        "a redirect must count as an outage: {window:#?}"
    );
    setup.check_rows(window, "after the outage").await;
    assert_eq!(setup.pending_redirects().await, Vec::<String>::new());

    // Both routes respond during an outage, too: with the known reports, and with the courses read so far.
    setup.redirect_calls(&[Point::Reports, Point::Directory], &trap_host);
    let started = Instant::now();
    loop {
        setup.stack.get("/api/reports").await;
        setup.stack.get("/api/courses").await;
        let pending = setup.pending_redirects().await;
        if pending.is_empty() {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "{pending:?}\n{}", setup.stack.log());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(!trap.was_contacted(), "the Worker connected to {trap_host}");
    setup.check_secrets();
}

#[tokio::test]
async fn a_redirected_create_is_not_followed_and_sent_again() {
    let setup = Setup::start().await;
    let trap = Trap::bind();
    setup.redirect_calls(&[Point::Create], &trap.host());
    // One week for each redirect: both wait for the minute after which lists prove that a create had no effect.
    let request = setup.stack.ask_weeks(Report::Confused, &Weeks::back(1, 2)).await;
    let request = setup.stack.settled(&request.id, PATIENCE).await;
    for window in &request.windows {
        assert_eq!(
            (window.state, window.tries),
            (WindowStatus::Ready, 0),
            "a redirect must count as an outage: {window:#?}"
        );
        setup.check_rows(window, "after the redirected create").await;
    }
    assert_eq!(setup.pending_redirects().await, Vec::<String>::new());
    assert!(!trap.was_contacted(), "the Worker connected to {}", trap.host());
    setup.check_secrets();
}
