//! The sandbox as a program.

use clap::{Parser, ValueEnum};
use sandbox::{Settings, SingleRequest, monday, parse_instant};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::process::ExitCode;

/// A stand-in for Echo360's reporting API, with the generated data of one institution.
///
/// Prints one line when it listens: `sandbox listening on http://127.0.0.1:PORT`. Reads the client secret
/// from the environment variable ECHO360_CLIENT_SECRET, by default `sandbox secret`.
#[derive(Parser, Debug)]
#[command(name = "sandbox", version)]
struct Options {
    /// The port to listen on, on 127.0.0.1; 0 chooses a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The number of students.
    #[arg(long, default_value_t = 240)]
    students: usize,
    /// The number of courses, each with two to four sections every term.
    #[arg(long, default_value_t = 6)]
    courses: usize,
    /// The random seed: equal seeds generate equal institutions.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The time at which the clock starts, UTC: YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ. By default, the real
    /// time.
    #[arg(long, value_parser = parse_instant)]
    now: Option<i64>,
    /// How long building a report takes, in seconds.
    #[arg(long, value_name = "MIN..MAX", value_parser = parse_range, default_value = "2..8")]
    build_seconds: RangeInclusive<f64>,
    /// The path of one upstream request: `/requests/{id}` or `/request/{id}`.
    #[arg(long, value_enum, default_value_t = Spelling::Plural)]
    single_request: Spelling,
    /// The OAuth client id that is accepted.
    #[arg(long, default_value = "lectern")]
    client_id: String,
    /// The lifetime of an access token, in seconds.
    #[arg(long, default_value_t = 3600)]
    token_seconds: i64,
    /// The lifetime of a signed link, in seconds.
    #[arg(long, default_value_t = 7 * 24 * 60 * 60)]
    link_seconds: i64,
    /// Reporting calls allowed in any sliding minute.
    #[arg(long, default_value_t = 120)]
    calls_per_minute: usize,
    /// For load tests: so many further courses in the lists, with a section each and without any activity.
    #[arg(long, default_value_t = 0)]
    listed_courses: usize,
    /// The number of entries on a page of the lists of courses, sections and terms.
    #[arg(long, default_value_t = 100)]
    page_entries: usize,
    /// The number of upstream requests on a page of their list; without it, all of them are on one.
    #[arg(long, value_name = "N")]
    request_page_entries: Option<usize>,
    /// For load tests: about this many videoview rows in every week, instead of the realistic ones.
    #[arg(long, value_name = "N")]
    bulk_rows: Option<u64>,
    /// Makes the report `visit` require the parameter `page` and accept `least`, the minimum number of visits
    /// of a row.
    #[arg(long)]
    visits_of_page: bool,
    /// Gives the views of public links to anonymous accounts, as Echo360 does: `Anon-4f2a`, `anonymous@…`.
    #[arg(long)]
    anonymous_accounts: bool,
    /// Lets the account of one student, with an ordinary name, watch three videos in the same half minute.
    #[arg(long)]
    busy_account: bool,
    /// Leaves section and course of the views of public links empty, as for media embedded in other pages.
    #[arg(long)]
    embedded_media: bool,
    /// A week without classes and without activity, by any of its days, YYYY-MM-DD. Its term lists it under `exceptions`.
    #[arg(long, value_name = "DAY", value_parser = parse_week)]
    break_week: Option<i64>,
    /// Lets the rows of every fifth student name different roles, some of them two in a cell.
    #[arg(long)]
    mixed_roles: bool,
    /// Names some students `Deleted User`, and others not at all, in files of requests made from this time on.
    #[arg(long, value_name = "TIME", value_parser = parse_instant)]
    renamed_from: Option<i64>,
    /// Gives some students the e-mail address of another one.
    #[arg(long)]
    two_ids: bool,
    /// Exit when standard input ends, which happens when the parent process exits.
    #[arg(long)]
    exit_with_parent: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Spelling {
    Plural,
    Singular,
}

/// The Monday of a day's week, as a day number.
fn parse_week(text: &str) -> Result<i64, String> {
    Ok(monday(parse_instant(text)?.div_euclid(24 * 60 * 60)))
}

fn parse_range(text: &str) -> Result<RangeInclusive<f64>, String> {
    let read = |part: &str| part.trim().parse::<f64>().ok().filter(|it| it.is_finite() && *it >= 0.0);
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    match (read(low), read(high.trim_start_matches('='))) {
        (Some(low), Some(high)) if low <= high => Ok(low..=high),
        _ => Err(format!("'{text}' is not MIN..MAX in seconds, such as 0.2..1.5")),
    }
}

fn settings(options: Options) -> Result<Settings, String> {
    let client_secret = match std::env::var("ECHO360_CLIENT_SECRET") {
        Ok(secret) => secret,
        Err(std::env::VarError::NotPresent) => Settings::default().client_secret,
        Err(std::env::VarError::NotUnicode(_)) => return Err("ECHO360_CLIENT_SECRET is not UTF-8".to_owned()),
    };
    Ok(Settings {
        listen: SocketAddr::from(([127, 0, 0, 1], options.port)),
        students: options.students,
        courses: options.courses,
        seed: options.seed,
        now: options.now,
        build_seconds: options.build_seconds,
        single_request: match options.single_request {
            Spelling::Plural => SingleRequest::Plural,
            Spelling::Singular => SingleRequest::Singular,
        },
        client_id: options.client_id,
        client_secret,
        calls_per_minute: options.calls_per_minute,
        token_seconds: options.token_seconds,
        link_seconds: options.link_seconds,
        listed_courses: options.listed_courses,
        page_entries: options.page_entries,
        request_page_entries: options.request_page_entries,
        bulk_rows: options.bulk_rows,
        visits_of_page: options.visits_of_page,
        anonymous_accounts: options.anonymous_accounts,
        busy_account: options.busy_account,
        embedded_media: options.embedded_media,
        break_week: options.break_week,
        mixed_roles: options.mixed_roles,
        renamed_from: options.renamed_from,
        two_ids: options.two_ids,
        ..Settings::default()
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let exit_with_parent = options.exit_with_parent;
    let settings = match settings(options) {
        Ok(settings) => settings,
        Err(message) => return failure(&message),
    };
    let listen = settings.listen;
    let running = match sandbox::start(settings).await {
        Ok(running) => running,
        Err(error) => return failure(&format!("cannot listen on {listen}: {error}")),
    };
    let mut out = std::io::stdout();
    // Standard output may be closed.
    let _ = writeln!(out, "sandbox listening on {}", running.url()).and_then(|()| out.flush());
    if exit_with_parent {
        std::thread::spawn(|| {
            let mut bytes = [0; 256];
            while matches!(std::io::stdin().read(&mut bytes), Ok(1..)) {}
            std::process::exit(0);
        });
    }
    running.wait().await;
    ExitCode::SUCCESS
}

fn failure(message: &str) -> ExitCode {
    // Nothing can be done if standard error is closed.
    let _ = writeln!(std::io::stderr(), "sandbox: {message}");
    ExitCode::FAILURE
}
