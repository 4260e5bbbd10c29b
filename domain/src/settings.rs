//! The settings of an installation, read and validated as a whole: everything that is wrong is reported at once, in
//! sentences, and nothing fails later for it.

use crate::api::AuthMethod;
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
    /// The name of the institution. Together with the upstream's host it names the Scheduler, so that changed credentials
    /// still find the stored data.
    pub institution: String,
    /// The IANA time zone of views that name none.
    pub time_zone: String,
    /// The hosts from which report files may be downloaded.
    pub file_hosts: Vec<HostRule>,
    /// For how many days after its last day a window's rows are kept.
    pub keep_days: u32,
    /// Local mode: whether a visitor on this machine is an administrator without signing in.
    pub local: bool,
    /// Cloudflare Access, if it protects this Worker.
    pub access: Option<CloudflareAccess>,
    /// The key that signs in as administrator, for one operator or a trial.
    pub key: Option<Secret>,
    /// The key that signs session cookies.
    pub session_key: Option<Secret>,
    /// The e-mail addresses of administrators, in lower case. No page can take that role from them.
    pub admins: BTreeSet<Email>,
    /// For how many days audit entries are kept.
    pub record_days: u32,
    /// The fewest students whose figures a share publishes.
    pub smallest: u32,
    /// Where the Durable Objects are stored, when that is restricted.
    pub jurisdiction: Option<Jurisdiction>,
    /// Milliseconds by which the Worker's clock is shifted, for tests: 0 outside local mode.
    pub clock_offset: i64,
}

/// A jurisdiction that Cloudflare stores Durable Objects in. The id of an object depends on it: see [`crate::jurisdiction`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jurisdiction {
    /// The European Union.
    Eu,
    /// Data centers authorized under FedRAMP.
    FedRamp,
}

impl Jurisdiction {
    /// The name that Cloudflare and `LECTERN_JURISDICTION` have for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eu => "eu",
            Self::FedRamp => "fedramp",
        }
    }

    /// Reads that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Eu, Self::FedRamp].into_iter().find(|jurisdiction| jurisdiction.as_str() == text)
    }
}

/// Cloudflare Access: the team, and its name for this application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudflareAccess {
    /// The team's domain: a host.
    pub team: String,
    /// The application's audience tag.
    pub audience: String,
    /// The URL of the team's public keys.
    pub certs: String,
}

impl CloudflareAccess {
    /// The issuer that its tokens name.
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

/// The fewest bits of a key that cannot be guessed.
const KEY_BITS: f64 = 128.0;

/// The default of `LECTERN_RECORD_DAYS`: a year.
const RECORD_DAYS: u32 = 365;

/// The default of `LECTERN_SMALLEST`.
const SMALLEST: u32 = 10;

/// The clock is shifted by at most ten years, in seconds.
const MAX_CLOCK_OFFSET_SECONDS: i64 = 10 * 365 * DAY / SECOND;

/// The largest `LECTERN_SMALLEST`.
pub const MAX_SMALLEST: u32 = 30;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the place that needs it.
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

/// A host that files may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostRule {
    /// Amazon S3, in any region and either style of address.
    AmazonS3,
    /// This host: on this port where one is given, else on any.
    Exactly(String),
    /// Any host below this one.
    Below(String),
    /// This very machine, on any port.
    Loopback,
}

impl HostRule {
    /// Whether `host` (lower case, with its port where the address has one) is allowed.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        let without_port = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let fits = |rule: &str| if rule.contains(':') { host } else { without_port };
        match self {
            Self::Loopback => is_loopback(host),
            Self::Exactly(wanted) => fits(wanted) == wanted,
            Self::Below(parent) => fits(parent)
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

/// The hosts of the regions: a fixed list, so that a browser never names a host.
pub const REGIONS: [(&str, &str); 4] = [
    ("us", "https://echo360.org"),
    ("uk", "https://echo360.org.uk"),
    ("au", "https://echo360.org.au"),
    ("ca", "https://echo360.ca"),
];

/// The names of all settings.
pub const NAMES: [&str; 19] = [
    "ECHO360_REGION",
    "ECHO360_URL",
    "ECHO360_CLIENT_ID",
    "ECHO360_CLIENT_SECRET",
    "LECTERN_INSTITUTION",
    "LECTERN_TIME_ZONE",
    "LECTERN_ASSET_HOSTS",
    "LECTERN_KEEP_DAYS",
    "LECTERN_LOCAL",
    "ACCESS_TEAM_DOMAIN",
    "ACCESS_AUD",
    "ACCESS_CERTS_URL",
    "LECTERN_KEY",
    "LECTERN_SESSION_KEY",
    "LECTERN_ADMINS",
    "LECTERN_RECORD_DAYS",
    "LECTERN_SMALLEST",
    "LECTERN_JURISDICTION",
    "LECTERN_CLOCK_OFFSET_SECONDS",
];

/// The default of `LECTERN_KEEP_DAYS`: a year and some weeks, so that the start of a term can be compared with the last one.
pub const KEEP_DAYS: u32 = 400;

impl Settings {
    /// Reads the settings through `get`. A blank value counts as absent. `is_zone` says whether a text is an IANA time zone.
    ///
    /// # Errors
    /// A sentence for each thing that is missing or wrong. No sentence repeats a value.
    pub fn read(
        get: impl Fn(&str) -> Option<String>,
        is_zone: impl Fn(&str) -> bool,
    ) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let value = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        let upstream =
            read_upstream(value("ECHO360_REGION"), value("ECHO360_URL")).unwrap_or_else(|sentence| {
                wrong.push(sentence);
                String::new()
            });
        let mut needed = |name: &str| {
            value(name).unwrap_or_else(|| {
                wrong.push(format!("Set {name}: Echo360's administrators make it under API credentials."));
                String::new()
            })
        };
        let client_id = needed("ECHO360_CLIENT_ID");
        let client_secret = Secret(needed("ECHO360_CLIENT_SECRET"));
        let institution = value("LECTERN_INSTITUTION").unwrap_or_else(|| "default".to_owned());
        if institution.chars().count() > 80 || institution.chars().any(char::is_control) {
            wrong.push("LECTERN_INSTITUTION must be a name of at most 80 characters.".to_owned());
        }
        let time_zone = value("LECTERN_TIME_ZONE").unwrap_or_else(|| "UTC".to_owned());
        if !is_zone(&time_zone) {
            wrong.push("LECTERN_TIME_ZONE must be an IANA time zone such as Europe/Berlin.".to_owned());
        }
        let file_hosts = match value("LECTERN_ASSET_HOSTS") {
            Some(list) => list.split(',').map(read_host).collect::<Option<Vec<_>>>().unwrap_or_else(|| {
                wrong.push(
                    "LECTERN_ASSET_HOSTS must be hosts with commas between, such as files.example.org or \
                     *.example.org."
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
                wrong.push("LECTERN_KEEP_DAYS must be a number of days from 30 to 3650.".to_owned());
                KEEP_DAYS
            }
        };
        let local = match value("LECTERN_LOCAL").as_deref() {
            None | Some("0") => false,
            Some("1") => true,
            Some(_) => {
                wrong.push("LECTERN_LOCAL must be 1, or not be set.".to_owned());
                false
            }
        };
        let access = read_access(
            value("ACCESS_TEAM_DOMAIN"),
            value("ACCESS_AUD"),
            value("ACCESS_CERTS_URL"),
            &mut wrong,
        );
        let mut key = |name: &str| {
            let key = value(name)?.trim().to_owned();
            if estimate_bits(&key) < KEY_BITS {
                wrong.push(format!(
                    "{name} is too easy to guess: it needs 128 bits, such as `openssl rand -hex 32` gives."
                ));
            }
            Some(Secret(key))
        };
        let (key, session_key) = (key("LECTERN_KEY"), key("LECTERN_SESSION_KEY"));
        if key.is_some() && session_key.is_none() {
            wrong.push("LECTERN_KEY needs LECTERN_SESSION_KEY, which sessions are signed with.".to_owned());
        }
        if key.is_some() && key == session_key {
            wrong.push("LECTERN_KEY and LECTERN_SESSION_KEY must differ.".to_owned());
        }
        let admins = value("LECTERN_ADMINS").map_or_else(BTreeSet::new, |list| {
            let admins = list.split(',').filter(|entry| !entry.trim().is_empty()).map(Email::parse);
            let admins = admins.collect::<Option<BTreeSet<_>>>().unwrap_or_else(|| {
                wrong.push("LECTERN_ADMINS must be e-mail addresses with commas between.".to_owned());
                BTreeSet::new()
            });
            if access.is_none() {
                wrong.push(
                    "LECTERN_ADMINS needs Cloudflare Access, which knows addresses: set ACCESS_TEAM_DOMAIN and \
                     ACCESS_AUD."
                        .to_owned(),
                );
            }
            admins
        });
        let record_days = value("LECTERN_RECORD_DAYS").map_or(Some(RECORD_DAYS), |days| {
            days.trim().parse().ok().filter(|days| (1..=3650).contains(days))
        });
        let record_days = record_days.unwrap_or_else(|| {
            wrong.push("LECTERN_RECORD_DAYS must be a number of days from 1 to 3650.".to_owned());
            RECORD_DAYS
        });
        let smallest = value("LECTERN_SMALLEST").map_or(Some(SMALLEST), |smallest| {
            smallest.trim().parse().ok().filter(|smallest| (5..=MAX_SMALLEST).contains(smallest))
        });
        let smallest = smallest.unwrap_or_else(|| {
            wrong.push("LECTERN_SMALLEST must be a number of students from 5 to 30.".to_owned());
            SMALLEST
        });
        let jurisdiction = value("LECTERN_JURISDICTION").and_then(|name| {
            let jurisdiction = Jurisdiction::parse(name.trim());
            if jurisdiction.is_none() {
                wrong.push("LECTERN_JURISDICTION must be eu or fedramp, or not be set.".to_owned());
            }
            jurisdiction
        });
        let clock_offset =
            read_clock_offset(value("LECTERN_CLOCK_OFFSET_SECONDS"), local).unwrap_or_else(|sentence| {
                wrong.push(sentence);
                0
            });
        let settings = Self {
            upstream,
            client_id,
            client_secret,
            institution,
            time_zone,
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
        if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
    }

    /// The methods by which somebody can sign in who is not on this machine in local mode.
    #[must_use]
    pub fn auth_methods(&self) -> Vec<AuthMethod> {
        let access = self.access.as_ref().map(|_| AuthMethod::Access);
        access.into_iter().chain(self.key.as_ref().map(|_| AuthMethod::Key)).collect()
    }

    /// The upstream's host, with its port where the address has one.
    #[must_use]
    pub fn upstream_host(&self) -> &str {
        self.upstream.split_once("://").map_or("", |(_, host)| host)
    }

    /// The name of the Scheduler, and the start of the name of every WindowStore.
    #[must_use]
    pub fn scheduler_name(&self) -> String {
        format!("{}/{}", self.upstream_host(), self.institution)
    }

    /// Whether files may come from `host`.
    #[must_use]
    pub fn allows_file_host(&self, host: &str) -> bool {
        self.file_hosts.iter().any(|rule| rule.allows(host))
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
    wrong: &mut Vec<String>,
) -> Option<CloudflareAccess> {
    let (team, audience) = match (team, audience) {
        (Some(team), Some(audience)) => (team, audience),
        (None, None) if certs.is_none() => return None,
        _ => {
            wrong.push("Cloudflare Access needs both ACCESS_TEAM_DOMAIN and ACCESS_AUD.".to_owned());
            return None;
        }
    };
    let team = team.trim().trim_end_matches('/');
    let team = team.strip_prefix("https://").unwrap_or(team).to_ascii_lowercase();
    if !is_host(&team) || !team.contains('.') {
        wrong.push("ACCESS_TEAM_DOMAIN must be a host such as example.cloudflareaccess.com.".to_owned());
    }
    let audience = audience.trim().to_owned();
    if !audience.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) || audience.len() > 200 {
        wrong.push("ACCESS_AUD must be the application's audience tag, as Access shows it.".to_owned());
    }
    let certs = match certs {
        None => format!("https://{team}/cdn-cgi/access/certs"),
        Some(url) => {
            let url = url.trim().to_owned();
            let host = url.strip_prefix("http://").and_then(|rest| rest.split('/').next());
            // Whoever names the keys names who gets in: elsewhere they come from the team's own domain.
            if !host.is_some_and(|host| is_host(host) && is_loopback(host)) {
                wrong.push("ACCESS_CERTS_URL is for tests on this machine: leave it out.".to_owned());
            }
            url
        }
    };
    Some(CloudflareAccess { team, audience, certs })
}

/// Reads the clock offset, in milliseconds. Only local mode may shift the clock: on a deployed Worker that would keep expired
/// tokens and sessions alive.
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
        .ok_or_else(|| "LECTERN_CLOCK_OFFSET_SECONDS must be whole seconds, within ten years.".to_owned())
}

/// How many bits a key has if its characters were drawn by chance from the smallest usual alphabet that holds them
/// all; none if it is plainly not so drawn.
fn estimate_bits(key: &str) -> f64 {
    let different: BTreeSet<char> = key.chars().collect();
    // Words with blanks between are not drawn letter by letter.
    if different.len() < 8 || key.contains(char::is_whitespace) {
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

/// Whether a host, with or without a port, or an address is this very machine.
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

    #[test]
    fn a_region_names_its_host_and_files_come_from_amazon() {
        let settings = with(&[("ECHO360_REGION", "uk")]).unwrap();
        assert_eq!(settings.scheduler_name(), "echo360.org.uk/default");
        assert_eq!(settings.client_secret.reveal(), "s3cr#t \"é=");
        for host in ["bucket.s3.eu-west-2.amazonaws.com", "s3.amazonaws.com", "b.s3-us-west-1.amazonaws.com"]
        {
            assert!(settings.allows_file_host(host), "{host}");
        }
        for host in
            ["evil.example", "s3.amazonaws.com.evil.example", "ec2.amazonaws.com", "xs3.amazonaws.com"]
        {
            assert!(!settings.allows_file_host(host), "{host}");
        }
    }

    #[test]
    fn the_sandbox_serves_its_own_files() {
        let settings = with(&[("ECHO360_URL", "http://127.0.0.1:4000/")]).unwrap();
        assert_eq!(settings.upstream, "http://127.0.0.1:4000");
        assert!(settings.allows_file_host("127.0.0.1:4000"));
        assert!(settings.allows_file_host("localhost:4001"), "the same machine by another name");
        assert!(!settings.allows_file_host("10.0.0.1:4000"));
        let named = with(&[("ECHO360_REGION", "us"), ("LECTERN_ASSET_HOSTS", "a.example, *.b.example:8443")])
            .unwrap();
        for (host, allowed) in [
            ("a.example", true),
            ("a.example:8443", true),
            ("x.a.example", false),
            ("x.b.example:8443", true),
            ("x.b.example", false),
        ] {
            assert_eq!(named.allows_file_host(host), allowed, "{host}");
        }
    }

    #[test]
    fn everything_that_is_missing_is_said_at_once_and_nothing_is_repeated() {
        let sentences = read(&[("ECHO360_URL", "http://example.org/secret")]).unwrap_err();
        assert_eq!(sentences.len(), 3, "{sentences:?}");
        assert!(!sentences.join(" ").contains("secret"));
        let one = |values| with(values).unwrap_err().join(" ");
        assert!(one(&[("ECHO360_REGION", "eu")]).contains("us, uk, au or ca"));
        assert!(
            one(&[("ECHO360_REGION", "us"), ("ECHO360_URL", "https://echo360.org")]).contains("not both")
        );
        assert!(one(&[("ECHO360_REGION", "us"), ("LECTERN_TIME_ZONE", "Berlin")]).contains("IANA"));
        assert!(one(&[("ECHO360_REGION", "us"), ("LECTERN_ASSET_HOSTS", "https://x")]).contains("hosts"));
        for days in ["29", "3651", "a year", "-1"] {
            let said = with(&[("ECHO360_REGION", "us"), ("LECTERN_KEEP_DAYS", days)]).unwrap_err().join(" ");
            assert!(said.contains("LECTERN_KEEP_DAYS") && said.contains("30 to 3650"), "{said}");
        }
        let kept = |more: &[(&'static str, &'static str)]| {
            with(&[&[("ECHO360_REGION", "us")], more].concat()).unwrap().keep_days
        };
        assert_eq!((kept(&[]), kept(&[("LECTERN_KEEP_DAYS", "30")])), (400, 30));
        assert!(one(&[("ECHO360_REGION", "us"), ("LECTERN_LOCAL", "yes")]).contains("LECTERN_LOCAL"));
        assert!(one(&[("ECHO360_URL", "https://echo360.org/path")]).contains("without a path"));
        assert!(one(&[("ECHO360_URL", "https://user@echo360.org")]).contains("ECHO360_URL"));
    }

    const LONG: &str = "0123456789abcdef0123456789abcdef";
    const OTHER: &str = "fedcba9876543210fedcba9876543210";

    fn here(more: &[(&'static str, &'static str)]) -> Result<Settings, Vec<String>> {
        with(&[&[("ECHO360_REGION", "us")], more].concat())
    }

    #[test]
    fn the_ways_in_are_those_that_are_set_up_whole() {
        assert!(here(&[]).unwrap().auth_methods().is_empty());
        let key = here(&[("LECTERN_KEY", LONG), ("LECTERN_SESSION_KEY", OTHER)]).unwrap();
        assert_eq!(key.auth_methods(), [AuthMethod::Key]);
        let access = here(&[
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
    fn half_a_way_in_is_none_and_says_what_it_lacks() {
        let one = |values: &[(&'static str, &'static str)]| here(values).unwrap_err().join(" ");
        assert!(one(&[("LECTERN_KEY", LONG)]).contains("needs LECTERN_SESSION_KEY"));
        assert!(one(&[("LECTERN_KEY", LONG), ("LECTERN_SESSION_KEY", LONG)]).contains("must differ"));
        assert!(one(&[("ACCESS_AUD", "a")]).contains("ACCESS_TEAM_DOMAIN"));
        assert!(one(&[("LECTERN_ADMINS", "a@b.cd")]).contains("needs Cloudflare Access"));
        let access = [("ACCESS_TEAM_DOMAIN", "t.cloudflareaccess.com"), ("ACCESS_AUD", "a")];
        let with_access = |more: (&'static str, &'static str)| here(&[&access[..], &[more]].concat());
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
            let read = here(&[("LECTERN_SMALLEST", students)]);
            assert!(students.is_empty() || read.unwrap_err().join(" ").contains("5 to 30"), "{students}");
        }
        let smallest = |more: &[(&'static str, &'static str)]| here(more).unwrap().smallest;
        assert_eq!((smallest(&[]), smallest(&[("LECTERN_SMALLEST", "5")])), (10, 5));
    }

    #[test]
    fn only_local_mode_may_shift_the_clock() {
        let read = |local: &'static str, offset: &'static str| {
            here(&[("LECTERN_LOCAL", local), ("LECTERN_CLOCK_OFFSET_SECONDS", offset)])
        };
        assert_eq!(here(&[]).unwrap().clock_offset, 0);
        assert_eq!(read("1", "").unwrap().clock_offset, 0);
        assert_eq!(read("1", " 86400 ").unwrap().clock_offset, DAY);
        assert_eq!(read("1", "-28800").unwrap().clock_offset, -8 * 3600 * SECOND);
        for local in ["0", ""] {
            let wrong = read(local, "60").unwrap_err().join(" ");
            assert!(
                wrong.contains("LECTERN_CLOCK_OFFSET_SECONDS") && wrong.contains("local mode"),
                "{wrong}"
            );
        }
        for offset in ["soon", "1.5", "999999999999", "-9223372036854775808"] {
            assert!(read("1", offset).unwrap_err().join(" ").contains("whole seconds"), "{offset}");
        }
    }

    #[test]
    fn a_jurisdiction_is_one_that_cloudflare_has() {
        let read = |name: &'static str| here(&[("LECTERN_JURISDICTION", name)]);
        assert_eq!(here(&[]).unwrap().jurisdiction, None);
        assert_eq!(read(" ").unwrap().jurisdiction, None);
        assert_eq!(read("eu").unwrap().jurisdiction, Some(Jurisdiction::Eu));
        assert_eq!(read("fedramp").unwrap().jurisdiction, Some(Jurisdiction::FedRamp));
        for name in ["EU", "us", "european-union"] {
            assert!(read(name).unwrap_err().join(" ").contains("LECTERN_JURISDICTION"), "{name}");
        }
    }

    #[test]
    fn a_key_that_could_be_guessed_is_refused() {
        let refused = |key: &str| {
            let values = [("ECHO360_REGION", "us"), ("LECTERN_KEY", key), ("LECTERN_SESSION_KEY", OTHER)];
            read(&[&CREDENTIALS[..], &values].concat()).is_err_and(|wrong| wrong.join(" ").contains("guess"))
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
        for key in [LONG, "Zm9vYmFyYmF6cXV4MTIzNA"] {
            assert!(!refused(key), "{key}");
        }
    }

    #[test]
    fn a_secret_does_not_print() {
        let settings = with(&[("ECHO360_REGION", "us")]).unwrap();
        assert!(!format!("{settings:?}").contains("s3cr"));
    }

    #[test]
    fn loopback_is_this_machine_and_nothing_that_looks_like_it() {
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
