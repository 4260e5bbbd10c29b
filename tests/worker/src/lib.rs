//! Integration tests: the Worker in workerd against the sandbox.
//!
//! A [`Stack`] runs a sandbox in this process and `wrangler dev` in its own process group, on free loopback
//! ports and with its own state folder. Tests can kill it with SIGKILL and start it again on the same state.
//! Build the Worker first: `cargo xtask build`.
//!
//! - [`reading`]: reads CSV and row frames, and compares them with the ground truth; [`suppression`]: what
//!   shares must withhold.
//! - [`signer`]: issues Cloudflare Access tokens; [`chance`]: seeded random numbers.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their helpers fail at the first error"
)]

pub mod chance;
pub mod python;
pub mod reading;
pub mod signer;
pub mod suppression;

use domain::api::{RequestInfo, WindowInfo, WindowStatus};
use domain::problem::Problem;
use domain::time::{Day, Timestamp, minus_days, monday};
use sandbox::{Report, Running, Truth};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A sandbox and a Worker that uses it as its upstream.
pub struct Stack {
    /// The stand-in for Echo360.
    pub sandbox: Running,
    /// The HTTP client for all requests.
    pub http: reqwest::Client,
    url: String,
    port: u16,
    state: PathBuf,
    settings: Vec<(String, String)>,
    wrangler: Option<Child>,
}

/// A shell script that runs a command and kills its process group when standard input ends, which happens
/// whenever this process ends. A workerd that outlives its wrangler would run forever at full speed.
const KILL_WITH_PARENT: &str = r#"("$@"; kill -TERM $$) & cat > /dev/null; kill -KILL 0"#;

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

fn tool(variable: &str, default: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| root().join(default), PathBuf::from)
}

/// The Node.js 22 binary from npm.
#[must_use]
pub fn node() -> PathBuf {
    tool("LECTERN_NODE", "node_modules/.bin/node")
}

/// Sandbox settings for most tests: a small institution and short builds.
#[must_use]
pub fn quick() -> sandbox::Settings {
    sandbox::Settings { students: 60, courses: 3, build_seconds: 0.2..=1.0, ..sandbox::Settings::default() }
}

impl Stack {
    /// Starts a stack with [`quick`] settings.
    pub async fn start() -> Self {
        Self::with(quick(), &[]).await
    }

    /// Starts a stack with this sandbox. `more` are settings of the Worker that replace the default ones; an
    /// empty value removes one.
    pub async fn with(settings: sandbox::Settings, more: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let secret = settings.client_secret.clone();
        let id = settings.client_id.clone();
        let sandbox = sandbox::start(settings).await.expect("the sandbox starts");
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let state = root().join("target/worker-tests").join(name);
        std::fs::create_dir_all(&state).unwrap();
        let mut worker_settings: Vec<(String, String)> = [
            ("ECHO360_URL", sandbox.url().as_str()),
            ("ECHO360_CLIENT_ID", &id),
            ("ECHO360_CLIENT_SECRET", &secret),
            ("LECTERN_LOCAL", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        for (name, value) in more {
            worker_settings.retain(|(known, _)| known != name);
            if !value.is_empty() {
                worker_settings.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        let port = free_port();
        let mut stack = Self {
            sandbox,
            http: reqwest::Client::new(),
            url: format!("http://127.0.0.1:{port}"),
            port,
            state,
            settings: worker_settings,
            wrangler: None,
        };
        stack.boot().await;
        stack
    }

    /// Starts the Worker on the existing state and waits until it responds. That calls the Scheduler.
    pub async fn boot(&mut self) {
        self.boot_until("/healthz").await;
    }

    /// Starts the Worker on the existing state and waits until it answers `path` with 200 or 503.
    pub async fn boot_until(&mut self, path: &str) {
        let file = self.state.join("settings.env");
        let lines: String = self.settings.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect();
        let _ = std::fs::remove_file(&file);
        let mut open = std::fs::OpenOptions::new();
        let mut settings = open.write(true).create_new(true).mode(0o600).open(&file).unwrap();
        std::io::Write::write_all(&mut settings, lines.as_bytes()).unwrap();
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.state.join("wrangler.log"))
            .unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", KILL_WITH_PARENT, "sh"]);
        command.arg(node()).arg("--no-warnings");
        command.arg(tool("LECTERN_WRANGLER", "node_modules/wrangler/wrangler-dist/cli.js")).arg("dev");
        command.arg("--config").arg(root().join("worker/wrangler.toml"));
        command.args(["--ip", "127.0.0.1", "--inspector-port", "0", "--port", &self.port.to_string()]);
        command.arg("--persist-to").arg(self.state.join("worker"));
        command.arg("--env-file").arg(&file);
        command.env("WRANGLER_WRITE_LOGS", "false").env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
        command.env("WRANGLER_SEND_METRICS", "false").env("CI", "1").current_dir(&self.state);
        // Recording every call takes more time than the call.
        command.env("X_LOCAL_OBSERVABILITY", "false").env("X_LOCAL_EXPLORER", "false");
        // Both would store the Worker's calls, signed links included, or show the content of its objects.
        command.env("X_LOCAL_OBSERVABILITY", "false").env("X_LOCAL_EXPLORER", "false");
        command.env("WRANGLER_REGISTRY_PATH", self.state.join("registry"));
        command.stdin(Stdio::piped()).stdout(log.try_clone().unwrap()).stderr(log).process_group(0);
        self.wrangler = Some(command.spawn().expect("wrangler starts"));
        let started = Instant::now();
        loop {
            let answer = self.http.get(self.at(path)).timeout(Duration::from_secs(5)).send().await;
            if answer.is_ok_and(|answer| matches!(answer.status().as_u16(), 200 | 503)) {
                return;
            }
            assert!(
                started.elapsed() < Duration::from_secs(90),
                "the Worker did not respond within 90 s:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Changes a setting for the next [`boot`](Self::boot).
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Kills all processes of the Worker with SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.wrangler.take() {
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-9", "--", &group]).status();
            let _ = child.wait();
        }
    }

    /// Wrangler's output.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.state.join("wrangler.log")).unwrap_or_default()
    }

    /// The process ids of workerd.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let group = self.wrangler.as_ref().map_or(0, Child::id).to_string();
        let listed = Command::new("ps").args(["-eo", "pid=,pgid=,comm="]).output().unwrap();
        String::from_utf8_lossy(&listed.stdout)
            .lines()
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                let (id, in_group) = (words.next()?, words.next()?);
                (in_group == group && words.next()?.contains("workerd")).then(|| id.parse().ok())?
            })
            .collect()
    }

    /// The SQLite files of a Durable Object class: one per object or, with `alarms`, the one that stores the
    /// alarms of all objects.
    #[must_use]
    pub fn databases(&self, class: &str, alarms: bool) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.state.join("worker")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "sqlite")
                    && path.parent().unwrap().to_string_lossy().ends_with(&format!("-{class}"))
                    && (path.file_stem().unwrap() == "metadata") == alarms
                {
                    found.push(path);
                }
            }
        }
        found
    }

    /// Runs an SQL statement on every database of a class, to simulate a broken disk or the passing of time.
    pub fn damage(&self, class: &str, alarms: bool, statement: &str) {
        let script = "const { DatabaseSync } = require('node:sqlite');
            const [statement, ...files] = process.argv.slice(1);
            for (const file of files) { new DatabaseSync(file).exec(statement); }";
        let files = self.databases(class, alarms);
        assert!(!files.is_empty());
        let done = Command::new(node()).args(["--no-warnings", "-e", script, statement]).args(files).status();
        assert!(done.unwrap().success());
    }

    /// Runs an SQL query on every database of a class that it can be run on, and returns the first row of each.
    #[must_use]
    pub fn query(&self, class: &str, query: &str) -> Vec<Value> {
        let script = "const { DatabaseSync } = require('node:sqlite');
            const [query, ...files] = process.argv.slice(1);
            const run = (file) => { try { return [new DatabaseSync(file).prepare(query).get()]; } catch { return []; } };
            console.log(JSON.stringify(files.flatMap(run)));";
        let mut command = Command::new(node());
        command.args(["--no-warnings", "-e", script, query]).args(self.databases(class, false));
        serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
    }

    /// The URL of a path.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The sandbox's truth.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.sandbox.truth()
    }

    /// Gets a path and parses the JSON of its success response.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(self.at(path)).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Waits until every erasure is done.
    ///
    /// # Panics
    /// If that takes more than a minute.
    pub async fn wait_until_erased(&self) {
        let started = Instant::now();
        loop {
            let all = self.get("/api/forget").await;
            if all["forgettings"].as_array().unwrap().iter().all(|erasure| erasure["state"] == "done") {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "{all:#}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Gets a path and parses its problem.
    pub async fn problem(&self, path: &str) -> Problem {
        refusal(self.http.get(self.at(path))).await
    }

    /// Posts a report request.
    pub async fn ask(&self, body: &Value) -> RequestInfo {
        let answer = self.http.post(self.at("/api/requests")).json(body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{body}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Requests whole weeks of a report.
    pub async fn ask_weeks(&self, report: Report, weeks: &Weeks) -> RequestInfo {
        self.ask(&weeks.body(report)).await
    }

    /// The current state of a request.
    pub async fn request(&self, id: &str) -> RequestInfo {
        serde_json::from_value(self.get(&format!("/api/requests/{id}")).await).unwrap()
    }

    /// Waits until no window of a request is in progress. Fails after `patience`.
    pub async fn settled(&self, id: &str, patience: Duration) -> RequestInfo {
        let started = Instant::now();
        loop {
            let request = self.request(id).await;
            if request.windows.iter().all(is_settled) {
                return request;
            }
            assert!(
                started.elapsed() < patience,
                "still in progress: {request:#?}\n{:#}\n{}",
                self.sandbox.ledger(),
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Requests whole weeks and waits for their rows.
    pub async fn ready(&self, report: Report, weeks: &Weeks) -> RequestInfo {
        let request = self.ask_weeks(report, weeks).await;
        let request = self.settled(&request.id, Duration::from_secs(120)).await;
        assert!(request.windows.iter().all(|w| w.state.has_rows()), "{request:#?}");
        request
    }

    /// Asserts what must hold in every test: at most three slots, one live upstream request per window, the
    /// call limit, and no secret or e-mail address in the log.
    pub fn check_ledger(&self) {
        let ledger = self.sandbox.ledger();
        let number = |name: &str| ledger[name].as_u64().unwrap();
        assert!(number("max_in_flight") <= 3, "{ledger:#}");
        assert_eq!(number("equal_live_asks"), 0, "{ledger:#}");
        assert!(number("max_calls_per_minute") <= 120, "{ledger:#}");
        assert_eq!(number("authorization_leaks"), 0, "{ledger:#}");
        let log = self.log();
        for secret in ["Signature", "Bearer", "sandbox secret", "westmere.example", "eyJ", "__Host-"] {
            assert!(!log.contains(secret), "{secret} in {log}");
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.kill();
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.state);
        }
    }
}

fn is_settled(window: &WindowInfo) -> bool {
    !window.state.is_under_way() && window.again.is_none_or(|again| again == WindowStatus::Failed)
}

/// Sends a request and parses the problem in its response.
pub async fn refusal(call: reqwest::RequestBuilder) -> Problem {
    let answer = call.send().await.unwrap();
    let status = answer.status().as_u16();
    let media_type = answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let text = answer.text().await.unwrap();
    assert_eq!(media_type.as_deref(), Some(Problem::MEDIA_TYPE), "{status} {text}");
    let problem: Problem = serde_json::from_str(&text).unwrap();
    assert_eq!(problem.status, status);
    problem
}

/// A free port below the ephemeral range, where no outgoing connection can take it before wrangler listens.
///
/// # Panics
/// If no port is free.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    (0..1000)
        .map(|_| 20_000 + (std::process::id() * 37 + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// Whole weeks in the past, Monday to Sunday (UTC).
#[derive(Debug, Clone, Copy)]
pub struct Weeks {
    /// The first Monday.
    pub from: Day,
    /// The number of weeks.
    pub count: u64,
}

impl Weeks {
    /// `count` weeks. The last of them ended `back` weeks before the current week.
    #[must_use]
    pub fn back(back: u64, count: u64) -> Self {
        let this_monday = monday(today());
        Self { from: minus_days(this_monday, 7 * (back + count)), count }
    }

    /// The last day, inclusive.
    #[must_use]
    pub fn to(&self) -> Day {
        minus_days(self.end(), 1)
    }

    /// The day after the last.
    #[must_use]
    pub fn end(&self) -> Day {
        domain::time::plus_days(self.from, 7 * self.count)
    }

    /// The body that requests these weeks.
    #[must_use]
    pub fn body(&self, report: Report) -> Value {
        if report.has_dates() {
            json!({"report": report.name(), "from": self.from.to_string(), "to": self.to().to_string()})
        } else {
            json!({"report": report.name()})
        }
    }

    /// The ground truth's query for these weeks.
    #[must_use]
    pub fn truth(&self, report: Report) -> sandbox::truth::Ask {
        sandbox::truth::Ask::days(report, &self.from.to_string(), &self.end().to_string()).unwrap()
    }
}

/// Today (UTC) by this machine's clock, which the Worker uses too.
#[must_use]
pub fn today() -> Day {
    now().day()
}

/// The current time by this machine's clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}
