//! The settings of an installation, validated as a whole when they are read: all problems are reported at
//! once, in sentences, and no invalid setting makes anything fail later.

use crate::auth_method::AuthMethod;
use crate::calendar::WeekStart;
use crate::ids::Email;
use crate::time::{DAY, SECOND};
use std::collections::BTreeSet;

/// Valid settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where Echo360 is: scheme and host, without a slash at the end.
    pub upstream: String,
    /// The id of the API client.
    pub client_id: String,
    /// The secret of the API client. [`Secret`] never prints its text.
    pub client_secret: Secret,
    /// The name of the institution. Together with the upstream's host it names the Scheduler, so that changed
    /// credentials still find the stored data.
    pub institution: String,
    /// The IANA time zone of views whose URL names none.
    pub time_zone: String,
    /// The first day of the week in charts and preset ranges.
    pub week_start: WeekStart,
    /// The hosts from which report files may be downloaded.
    pub file_hosts: Vec<HostRule>,
    /// For how many days after a window's last day its rows are kept.
    pub keep_days: u32,
    /// Local mode: whether a visitor on this machine is an administrator without signing in.
    pub local: bool,
    /// Cloudflare Access, if it protects this Worker.
    pub access: Option<CloudflareAccess>,
    /// The key that signs in as administrator, for one operator or a trial.
    pub key: Option<Secret>,
    /// The key that signs session cookies.
    pub session_key: Option<Secret>,
    /// The e-mail addresses of administrators, in lower case. Their role cannot be changed on the page.
    pub admins: BTreeSet<Email>,
    /// For how many days audit entries are kept.
    pub record_days: u32,
    /// Shares suppress numbers over fewer students than this.
    pub smallest: u32,
    /// Where the Durable Objects are stored; `None`: unrestricted.
    pub jurisdiction: Option<Jurisdiction>,
    /// Milliseconds by which the Worker's clock is shifted, for tests: 0 outside local mode.
    pub clock_offset: i64,
}

/// A jurisdiction that Cloudflare stores Durable Objects in. An object's id depends on it: see
/// [`crate::jurisdiction`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jurisdiction {
    /// The European Union.
    Eu,
    /// Data centers authorized under FedRAMP.
    FedRamp,
}

impl Jurisdiction {
    /// Its name in Cloudflare's API and in `LECTERN_JURISDICTION`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eu => "eu",
            Self::FedRamp => "fedramp",
        }
    }

    /// Parses such a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Eu, Self::FedRamp].into_iter().find(|jurisdiction| jurisdiction.as_str() == text)
    }
}

/// Cloudflare Access: whose tokens are accepted, and for which application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudflareAccess {
    /// The team's domain, such as `example.cloudflareaccess.com`.
    pub team: String,
    /// The application's audience tag.
    pub audience: String,
    /// The URL of the team's public keys.
    pub certs: String,
}

impl CloudflareAccess {
    /// The issuer of its tokens, their claim `iss`.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("https://{}", self.team)
    }

    /// The URL at which a browser signs out of Access.
    #[must_use]
    pub fn sign_out(&self) -> String {
        format!("https://{}/cdn-cgi/access/logout", self.team)
    }
}

/// The fewest random bits of a key.
const KEY_BITS: f64 = 128.0;

/// The default of `LECTERN_RECORD_DAYS`: a year.
const RECORD_DAYS: u32 = 365;

/// The default of `LECTERN_SMALLEST`.
const SMALLEST: u32 = 10;

/// The largest shift of the clock, in seconds: ten years.
const MAX_CLOCK_OFFSET_SECONDS: i64 = 10 * 365 * DAY / SECOND;

/// The largest `LECTERN_SMALLEST`.
pub const MAX_SMALLEST: u32 = 30;

/// A secret text, which `Debug` does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret text, for the one place that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("•••")
    }
}

/// A rule for the hosts that report files may be downloaded from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostRule {
    /// Amazon S3, in any region, with the bucket in the host or in the path.
    AmazonS3,
    /// This host, on any port unless the rule names one.
    Exactly(String),
    /// Any subdomain of this host, on any port unless the rule names one.
    Below(String),
    /// This machine, on any port.
    Loopback,
}

impl HostRule {
    /// Whether `host` (in lower case, with its port if the URL names one) is allowed.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        let without_port = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let comparable = |rule: &str| if rule.contains(':') { host } else { without_port };
        match self {
            Self::Loopback => is_loopback(host),
            Self::Exactly(allowed) => comparable(allowed) == allowed,
            Self::Below(parent) => comparable(parent)
                .strip_suffix(parent.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            Self::AmazonS3 => {
                let labels: Option<Vec<&str>> = host
                    .strip_suffix(".amazonaws.com")
                    .or_else(|| host.strip_suffix(".amazonaws.com.cn"))
                    .map(|rest| rest.split('.').collect());
                labels.is_some_and(|labels| labels.iter().any(|l| *l == "s3" || l.starts_with("s3-")))
            }
        }
    }
}

/// Names and base URLs of Echo360's regions.
pub const REGIONS: [(&str, &str); 4] = [
    ("us", "https://echo360.org"),
    ("uk", "https://echo360.org.uk"),
    ("au", "https://echo360.org.au"),
    ("ca", "https://echo360.ca"),
];

/// The default of `LECTERN_KEEP_DAYS`: a year and some weeks, so that a term can be compared with the one a
/// year before from its start.
pub const KEEP_DAYS: u32 = 400;

impl Settings {
    /// Reads and validates the settings. `get` returns the value of a setting by name; a blank value counts
    /// as absent. `is_zone`: whether a text is an IANA time zone.
    ///
    /// # Errors
    /// A sentence for each setting that is missing or wrong. No sentence repeats a value.
    pub fn read(
        get: impl Fn(&str) -> Option<String>,
        is_zone: impl Fn(&str) -> bool,
    ) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let value = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let upstream =
            read_upstream(value("ECHO360_REGION"), value("ECHO360_URL")).unwrap_or_else(|sentence| {
                problems.push(sentence);
                String::new()
            });
        let mut require = |name: &str| {
            value(name).unwrap_or_else(|| {
                problems
                    .push(format!("Set {name}: an Echo360 administrator creates it under API credentials."));
                String::new()
            })
        };
        let client_id = require("ECHO360_CLIENT_ID");
        let client_secret = Secret(require("ECHO360_CLIENT_SECRET"));
        let institution = value("LECTERN_INSTITUTION").unwrap_or_else(|| "default".to_owned());
        if institution.chars().count() > 80 || institution.chars().any(char::is_control) {
            problems.push(
                "LECTERN_INSTITUTION must be a name of at most 80 characters, without control characters."
                    .to_owned(),
            );
        }
        let time_zone = value("LECTERN_TIME_ZONE").unwrap_or_else(|| "UTC".to_owned());
        if !is_zone(&time_zone) {
            problems.push("LECTERN_TIME_ZONE must be an IANA time zone such as Europe/Berlin.".to_owned());
        }
        let week_start = match value("LECTERN_WEEK_START").map(|name| WeekStart::parse(name.trim())) {
            None => WeekStart::default(),
            Some(Some(week_start)) => week_start,
            Some(None) => {
                problems.push("LECTERN_WEEK_START must be monday or sunday, or not be set.".to_owned());
                WeekStart::default()
            }
        };
        let file_hosts = match value("LECTERN_ASSET_HOSTS") {
            Some(list) => list.split(',').map(read_host).collect::<Option<Vec<_>>>().unwrap_or_else(|| {
                problems.push(
                    "LECTERN_ASSET_HOSTS must be a comma-separated list of hosts, such as \
                     files.example.org,*.example.org."
                        .to_owned(),
                );
                Vec::new()
            }),
            None => match upstream.split_once("://") {
                Some((_, host)) if is_loopback(host) => vec![HostRule::Loopback],
                _ => vec![HostRule::AmazonS3],
            },
        };
        let keep_days = match value("LECTERN_KEEP_DAYS").map(|days| days.trim().parse::<u32>()) {
            None => KEEP_DAYS,
            Some(Ok(days @ 30..=3650)) => days,
            Some(_) => {
                problems.push("LECTERN_KEEP_DAYS must be a number of days from 30 to 3650.".to_owned());
                KEEP_DAYS
            }
        };
        let local = match value("LECTERN_LOCAL").as_deref() {
            None | Some("0") => false,
            Some("1") => true,
            Some(_) => {
                problems.push("LECTERN_LOCAL must be 1 or 0, or not be set.".to_owned());
                false
            }
        };
        let access = read_access(
            value("ACCESS_TEAM_DOMAIN"),
            value("ACCESS_AUD"),
            value("ACCESS_CERTS_URL"),
            &mut problems,
        );
        let mut read_key = |name: &str| {
            let key = value(name)?.trim().to_owned();
            if estimate_bits(&key) < KEY_BITS {
                problems.push(format!(
                    "{name} is too easy to guess: use at least 128 random bits, such as the output of \
                     `openssl rand -hex 32`."
                ));
            }
            Some(Secret(key))
        };
        let (key, session_key) = (read_key("LECTERN_KEY"), read_key("LECTERN_SESSION_KEY"));
        if key.is_some() && session_key.is_none() {
            problems.push(
                "LECTERN_KEY needs LECTERN_SESSION_KEY too, which signs the session cookies.".to_owned(),
            );
        }
        if key.is_some() && key == session_key {
            problems.push("LECTERN_KEY and LECTERN_SESSION_KEY must differ.".to_owned());
        }
        let admins = value("LECTERN_ADMINS").map_or_else(BTreeSet::new, |list| {
            let admins = list.split(',').filter(|entry| !entry.trim().is_empty()).map(Email::parse);
            let admins = admins.collect::<Option<BTreeSet<_>>>().unwrap_or_else(|| {
                problems
                    .push("LECTERN_ADMINS must be a comma-separated list of e-mail addresses.".to_owned());
                BTreeSet::new()
            });
            if access.is_none() {
                problems.push(
                    "LECTERN_ADMINS needs Cloudflare Access, which verifies addresses: set \
                     ACCESS_TEAM_DOMAIN and ACCESS_AUD."
                        .to_owned(),
                );
            }
            admins
        });
        let record_days = value("LECTERN_RECORD_DAYS").map_or(Some(RECORD_DAYS), |days| {
            days.trim().parse().ok().filter(|days| (1..=3650).contains(days))
        });
        let record_days = record_days.unwrap_or_else(|| {
            problems.push("LECTERN_RECORD_DAYS must be a number of days from 1 to 3650.".to_owned());
            RECORD_DAYS
        });
        let smallest = value("LECTERN_SMALLEST").map_or(Some(SMALLEST), |smallest| {
            smallest.trim().parse().ok().filter(|smallest| (5..=MAX_SMALLEST).contains(smallest))
        });
        let smallest = smallest.unwrap_or_else(|| {
            problems.push("LECTERN_SMALLEST must be a number of students from 5 to 30.".to_owned());
            SMALLEST
        });
        let jurisdiction = value("LECTERN_JURISDICTION").and_then(|name| {
            let jurisdiction = Jurisdiction::parse(name.trim());
            if jurisdiction.is_none() {
                problems.push("LECTERN_JURISDICTION must be eu or fedramp, or not be set.".to_owned());
            }
            jurisdiction
        });
        let clock_offset =
            read_clock_offset(value("LECTERN_CLOCK_OFFSET_SECONDS"), local).unwrap_or_else(|sentence| {
                problems.push(sentence);
                0
            });
        let settings = Self {
            upstream,
            client_id,
            client_secret,
            institution,
            time_zone,
            week_start,
            file_hosts,
            keep_days,
            local,
            access,
            key,
            session_key,
            admins,
            record_days,
            smallest,
            jurisdiction,
            clock_offset,
        };
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }

    /// The configured sign-in methods. Local mode needs none, so it is not among them.
    #[must_use]
    pub fn auth_methods(&self) -> Vec<AuthMethod> {
        let access = self.access.as_ref().map(|_| AuthMethod::Access);
        access.into_iter().chain(self.key.as_ref().map(|_| AuthMethod::Key)).collect()
    }

    /// Echo360's host, with its port if the URL names one.
    #[must_use]
    pub fn upstream_host(&self) -> &str {
        self.upstream.split_once("://").map_or("", |(_, host)| host)
    }

    /// The name of the Scheduler, and the start of the name of every WindowStore.
    #[must_use]
    pub fn scheduler_name(&self) -> String {
        format!("{}/{}", self.upstream_host(), self.institution)
    }
}

fn read_upstream(region: Option<String>, url: Option<String>) -> Result<String, String> {
    match (region, url) {
        (Some(_), Some(_)) => Err("Set ECHO360_REGION or ECHO360_URL, not both.".to_owned()),
        (None, None) => Err("Set ECHO360_REGION to us, uk, au or ca.".to_owned()),
        (Some(region), None) => REGIONS
            .iter()
            .find(|(name, _)| *name == region.trim())
            .map(|(_, url)| (*url).to_owned())
            .ok_or_else(|| "ECHO360_REGION must be us, uk, au or ca.".to_owned()),
        (None, Some(url)) => {
            let url = url.trim().trim_end_matches('/');
            let (scheme, host) = url.split_once("://").unwrap_or(("", url));
            if (scheme == "https" || (scheme == "http" && is_loopback(host))) && is_host(host) {
                Ok(format!("{scheme}://{}", host.to_ascii_lowercase()))
            } else {
                Err("ECHO360_URL must be https:// and a host (http:// only on this machine), without a path."
                    .to_owned())
            }
        }
    }
}

fn read_access(
    team: Option<String>,
    audience: Option<String>,
    certs: Option<String>,
    problems: &mut Vec<String>,
) -> Option<CloudflareAccess> {
    let (team, audience) = match (team, audience) {
        (Some(team), Some(audience)) => (team, audience),
        (None, None) if certs.is_none() => return None,
        _ => {
            problems.push("Cloudflare Access needs both ACCESS_TEAM_DOMAIN and ACCESS_AUD.".to_owned());
            return None;
        }
    };
    let team = team.trim().trim_end_matches('/');
    let team = team.strip_prefix("https://").unwrap_or(team).to_ascii_lowercase();
    if !is_host(&team) || !team.contains('.') {
        problems.push("ACCESS_TEAM_DOMAIN must be a host such as example.cloudflareaccess.com.".to_owned());
    }
    let audience = audience.trim().to_owned();
    if !audience.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) || audience.len() > 200 {
        problems
            .push("ACCESS_AUD must be the application's audience tag, as Cloudflare shows it.".to_owned());
    }
    let certs = match certs {
        None => format!("https://{team}/cdn-cgi/access/certs"),
        Some(url) => {
            let url = url.trim().to_owned();
            let host = url.strip_prefix("http://").and_then(|rest| rest.split('/').next());
            // Whoever serves the keys decides who can sign in, so only tests may take them from another host.
            if !host.is_some_and(|host| is_host(host) && is_loopback(host)) {
                problems.push("ACCESS_CERTS_URL is for tests on this machine: leave it out.".to_owned());
            }
            url
        }
    };
    Some(CloudflareAccess { team, audience, certs })
}

/// Reads the clock offset, in milliseconds. Only local mode may shift the clock: on a deployed Worker that
/// would keep expired tokens and sessions valid.
fn read_clock_offset(seconds: Option<String>, is_local: bool) -> Result<i64, String> {
    let Some(seconds) = seconds else { return Ok(0) };
    if !is_local {
        return Err("LECTERN_CLOCK_OFFSET_SECONDS is for tests in local mode: leave it out.".to_owned());
    }
    let seconds: Option<i64> = seconds.trim().parse().ok();
    let limit = MAX_CLOCK_OFFSET_SECONDS;
    seconds
        .filter(|seconds| (-limit..=limit).contains(seconds))
        .map(|seconds| seconds * SECOND)
        .ok_or_else(|| "LECTERN_CLOCK_OFFSET_SECONDS must be whole seconds, at most ten years.".to_owned())
}

/// How many random bits a key has if its characters were chosen at random from the smallest common alphabet
/// that contains them; 0 if they obviously were not.
fn estimate_bits(key: &str) -> f64 {
    let distinct: BTreeSet<char> = key.chars().collect();
    // Words with spaces between them are not random characters.
    if distinct.len() < 8 || key.contains(char::is_whitespace) {
        return 0.0;
    }
    let all = |is: fn(char) -> bool| key.chars().all(is);
    let alphabet: f64 = if all(|c| c.is_ascii_digit()) {
        10.0
    } else if all(|c| c.is_ascii_hexdigit()) {
        16.0
    } else if all(|c| c.is_ascii_lowercase()) || all(|c| c.is_ascii_uppercase()) {
        26.0
    } else if all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        32.0
    } else {
        62.0
    };
    #[expect(clippy::cast_precision_loss, reason = "the length of a setting")]
    let length = key.chars().count() as f64;
    length * alphabet.log2()
}

fn read_host(text: &str) -> Option<HostRule> {
    let text = text.trim().to_ascii_lowercase();
    let (host, rule): (&str, fn(String) -> HostRule) = match text.strip_prefix("*.") {
        Some(parent) => (parent, HostRule::Below),
        None => (&text, HostRule::Exactly),
    };
    is_host(host).then(|| rule(host.to_owned()))
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)) || name == "[::1]";
    is_name && !name.is_empty() && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Whether a host, with or without a port, or an IP address is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or(host),
        None => host,
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|ip| match ip {
            std::net::IpAddr::V4(ip) => ip.is_loopback(),
            std::net::IpAddr::V6(ip) => {
                ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn read(values: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let values: BTreeMap<&str, &str> = values.iter().copied().collect();
        Settings::read(
            |name| values.get(name).map(|value| (*value).to_owned()),
            |zone| ["UTC", "Europe/Berlin"].contains(&zone),
        )
    }

    const CREDENTIALS: [(&str, &str); 2] =
        [("ECHO360_CLIENT_ID", "id"), ("ECHO360_CLIENT_SECRET", "s3cr#t \"é=")];

    fn with(more: &[(&'static str, &'static str)]) -> Result<Settings, Vec<String>> {
        read(&[&CREDENTIALS[..], more].concat())
    }

    fn allows_file_host(settings: &Settings, host: &str) -> bool {
        settings.file_hosts.iter().any(|rule| rule.allows(host))
    }

    #[test]
    fn a_region_sets_the_host_and_allows_files_from_amazon_s3() {
        let settings = with(&[("ECHO360_REGION", "uk")]).unwrap();
        assert_eq!(settings.scheduler_name(), "echo360.org.uk/default");
        assert_eq!(settings.client_secret.reveal(), "s3cr#t \"é=");
        for host in ["bucket.s3.eu-west-2.amazonaws.com", "s3.amazonaws.com", "b.s3-us-west-1.amazonaws.com"]
        {
            assert!(allows_file_host(&settings, host), "{host}");
        }
        for host in
            ["evil.example", "s3.amazonaws.com.evil.example", "ec2.amazonaws.com", "xs3.amazonaws.com"]
        {
            assert!(!allows_file_host(&settings, host), "{host}");
        }
    }

    #[test]
    fn files_come_from_this_machine_for_a_local_url_and_from_the_hosts_that_are_set() {
        let settings = with(&[("ECHO360_URL", "http://127.0.0.1:4000/")]).unwrap();
        assert_eq!(settings.upstream, "http://127.0.0.1:4000");
        assert!(allows_file_host(&settings, "127.0.0.1:4000"));
        assert!(allows_file_host(&settings, "localhost:4001"), "the same machine by another name");
        assert!(!allows_file_host(&settings, "10.0.0.1:4000"));
        let with_hosts =
            with(&[("ECHO360_REGION", "us"), ("LECTERN_ASSET_HOSTS", "a.example, *.b.example:8443")])
                .unwrap();
        for (host, allowed) in [
            ("a.example", true),
            ("a.example:8443", true),
            ("x.a.example", false),
            ("x.b.example:8443", true),
            ("x.b.example", false),
        ] {
            assert_eq!(allows_file_host(&with_hosts, host), allowed, "{host}");
        }
    }

    #[test]
    fn all_problems_are_reported_at_once_and_no_value_is_repeated() {
        let problems = read(&[("ECHO360_URL", "http://example.org/secret")]).unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(!problems.join(" ").contains("secret"));
        let one = |values| with(values).unwrap_err().join(" ");
        assert!(one(&[("ECHO360_REGION", "eu")]).contains("us, uk, au or ca"));
        assert!(
            one(&[("ECHO360_REGION", "us"), ("ECHO360_URL", "https://echo360.org")]).contains("not both")
        );
        assert!(one(&[("ECHO360_REGION", "us"), ("LECTERN_TIME_ZONE", "Berlin")]).contains("IANA"));
        assert!(one(&[("ECHO360_REGION", "us"), ("LECTERN_ASSET_HOSTS", "https://x")]).contains("hosts"));
        for days in ["29", "3651", "a year", "-1"] {
            let problem =
                with(&[("ECHO360_REGION", "us"), ("LECTERN_KEEP_DAYS", days)]).unwrap_err().join(" ");
            assert!(problem.contains("LECTERN_KEEP_DAYS") && problem.contains("30 to 3650"), "{problem}");
        }
        let keep_days = |more: &[(&'static str, &'static str)]| {
            with(&[&[("ECHO360_REGION", "us")], more].concat()).unwrap().keep_days
        };
        assert_eq!((keep_days(&[]), keep_days(&[("LECTERN_KEEP_DAYS", "30")])), (400, 30));
        assert!(one(&[("ECHO360_REGION", "us"), ("LECTERN_LOCAL", "yes")]).contains("LECTERN_LOCAL"));
        assert!(one(&[("ECHO360_URL", "https://echo360.org/path")]).contains("without a path"));
        assert!(one(&[("ECHO360_URL", "https://user@echo360.org")]).contains("ECHO360_URL"));
    }

    const KEY: &str = "0123456789abcdef0123456789abcdef";
    const SESSION_KEY: &str = "fedcba9876543210fedcba9876543210";

    fn with_us(more: &[(&'static str, &'static str)]) -> Result<Settings, Vec<String>> {
        with(&[&[("ECHO360_REGION", "us")], more].concat())
    }

    #[test]
    fn a_completely_configured_sign_in_method_is_offered() {
        assert!(with_us(&[]).unwrap().auth_methods().is_empty());
        let key = with_us(&[("LECTERN_KEY", KEY), ("LECTERN_SESSION_KEY", SESSION_KEY)]).unwrap();
        assert_eq!(key.auth_methods(), [AuthMethod::Key]);
        let access = with_us(&[
            ("ACCESS_TEAM_DOMAIN", "https://Team.cloudflareaccess.com/"),
            ("ACCESS_AUD", "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2"),
            ("LECTERN_ADMINS", " Boss@Example.org , ,second@example.org"),
            ("LECTERN_RECORD_DAYS", "30"),
        ])
        .unwrap();
        assert_eq!((access.auth_methods(), access.record_days), (vec![AuthMethod::Access], 30));
        assert!(access.admins.contains("boss@example.org") && access.admins.len() == 2);
        let access = access.access.unwrap();
        assert_eq!(access.certs, "https://team.cloudflareaccess.com/cdn-cgi/access/certs");
        assert_eq!(access.issuer(), "https://team.cloudflareaccess.com");
    }

    #[test]
    fn an_incomplete_sign_in_method_reports_what_is_missing() {
        let one = |values: &[(&'static str, &'static str)]| with_us(values).unwrap_err().join(" ");
        assert!(one(&[("LECTERN_KEY", KEY)]).contains("needs LECTERN_SESSION_KEY"));
        assert!(one(&[("LECTERN_KEY", KEY), ("LECTERN_SESSION_KEY", KEY)]).contains("must differ"));
        assert!(one(&[("ACCESS_AUD", "a")]).contains("ACCESS_TEAM_DOMAIN"));
        assert!(one(&[("LECTERN_ADMINS", "a@b.cd")]).contains("needs Cloudflare Access"));
        let access = [("ACCESS_TEAM_DOMAIN", "t.cloudflareaccess.com"), ("ACCESS_AUD", "a")];
        let with_access = |more: (&'static str, &'static str)| with_us(&[&access[..], &[more]].concat());
        for url in ["https://evil.example/certs", "http://10.0.0.1/certs", "http://localhost.evil.example/"] {
            assert!(
                with_access(("ACCESS_CERTS_URL", url)).unwrap_err().join(" ").contains("for tests"),
                "{url}"
            );
        }
        assert!(with_access(("ACCESS_CERTS_URL", "http://127.0.0.1:9/certs")).is_ok());
        assert!(with_access(("LECTERN_ADMINS", "boss")).unwrap_err().join(" ").contains("e-mail"));
        assert!(one(&[("LECTERN_RECORD_DAYS", "0")]).contains("LECTERN_RECORD_DAYS"));
        for students in ["4", "31", "ten", "-10", ""] {
            let read = with_us(&[("LECTERN_SMALLEST", students)]);
            assert!(students.is_empty() || read.unwrap_err().join(" ").contains("5 to 30"), "{students}");
        }
        let smallest = |more: &[(&'static str, &'static str)]| with_us(more).unwrap().smallest;
        assert_eq!((smallest(&[]), smallest(&[("LECTERN_SMALLEST", "5")])), (10, 5));
    }

    #[test]
    fn only_local_mode_may_shift_the_clock() {
        let read = |local: &'static str, offset: &'static str| {
            with_us(&[("LECTERN_LOCAL", local), ("LECTERN_CLOCK_OFFSET_SECONDS", offset)])
        };
        assert_eq!(with_us(&[]).unwrap().clock_offset, 0);
        assert_eq!(read("1", "").unwrap().clock_offset, 0);
        assert_eq!(read("1", " 86400 ").unwrap().clock_offset, DAY);
        assert_eq!(read("1", "-28800").unwrap().clock_offset, -8 * 3600 * SECOND);
        for local in ["0", ""] {
            let problems = read(local, "60").unwrap_err().join(" ");
            assert!(
                problems.contains("LECTERN_CLOCK_OFFSET_SECONDS") && problems.contains("local mode"),
                "{problems}"
            );
        }
        for offset in ["soon", "1.5", "999999999999", "-9223372036854775808"] {
            assert!(read("1", offset).unwrap_err().join(" ").contains("whole seconds"), "{offset}");
        }
    }

    #[test]
    fn weeks_start_on_monday_unless_sunday_is_set() {
        let read = |name: &'static str| with_us(&[("LECTERN_WEEK_START", name)]);
        assert_eq!(with_us(&[]).unwrap().week_start, WeekStart::Monday);
        assert_eq!(read(" sunday ").unwrap().week_start, WeekStart::Sunday);
        assert_eq!(read("monday").unwrap().week_start, WeekStart::Monday);
        for name in ["Sunday", "saturday", "0"] {
            assert!(read(name).unwrap_err().join(" ").contains("LECTERN_WEEK_START"), "{name}");
        }
    }

    #[test]
    fn only_jurisdictions_of_cloudflare_are_accepted() {
        let read = |name: &'static str| with_us(&[("LECTERN_JURISDICTION", name)]);
        assert_eq!(with_us(&[]).unwrap().jurisdiction, None);
        assert_eq!(read(" ").unwrap().jurisdiction, None);
        assert_eq!(read("eu").unwrap().jurisdiction, Some(Jurisdiction::Eu));
        assert_eq!(read("fedramp").unwrap().jurisdiction, Some(Jurisdiction::FedRamp));
        for name in ["EU", "us", "european-union"] {
            assert!(read(name).unwrap_err().join(" ").contains("LECTERN_JURISDICTION"), "{name}");
        }
    }

    #[test]
    fn a_key_that_can_be_guessed_is_refused() {
        let refused = |key: &str| {
            let values =
                [("ECHO360_REGION", "us"), ("LECTERN_KEY", key), ("LECTERN_SESSION_KEY", SESSION_KEY)];
            read(&[&CREDENTIALS[..], &values].concat())
                .is_err_and(|problems| problems.join(" ").contains("guess"))
        };
        let repeated = "a".repeat(80);
        for key in [
            "secret",
            "correct horse battery staple",
            "0123456789abcdef0123456789abcde",
            "01234567890123456789012345678901",
            &repeated,
        ] {
            assert!(refused(key), "{key}");
        }
        for key in [KEY, "Zm9vYmFyYmF6cXV4MTIzNA"] {
            assert!(!refused(key), "{key}");
        }
    }

    #[test]
    fn debug_does_not_print_a_secret() {
        let settings = with(&[("ECHO360_REGION", "us")]).unwrap();
        assert!(!format!("{settings:?}").contains("s3cr"));
    }

    #[test]
    fn loopback_is_only_this_machine_and_no_host_that_looks_like_it() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost:8787",
            "[::1]:80",
            "::1",
            "127.8.9.1",
            "::ffff:127.0.0.1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "", "0.0.0.0", "[::2]"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
