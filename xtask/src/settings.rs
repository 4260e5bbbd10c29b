//! The settings of `cargo xtask start`: reads and checks them, and passes them to the Worker.
//!
//! They come from the environment and from the file `lectern.env`; the environment takes precedence. They are
//! passed to `wrangler dev` in a file that only its owner can read, never on a command line, which every
//! process on the machine can see.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::env::{self, VarError};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The settings file, at the root of the checkout; git ignores it.
pub(crate) const FILE: &str = "lectern.env";

const REGION: &str = "ECHO360_REGION";
const URL: &str = "ECHO360_URL";
const CLIENT_ID: &str = "ECHO360_CLIENT_ID";
const CLIENT_SECRET: &str = "ECHO360_CLIENT_SECRET";
const LOCAL: &str = "LECTERN_LOCAL";
const ACCESS: &str = "ACCESS_TEAM_DOMAIN";
const KEY: &str = "LECTERN_KEY";

/// (name, description for `--help`) of each setting.
const SETTINGS: [(&str, &str); 18] = [
    (
        REGION,
        "the region of your Echo360: us, uk, au or ca; without it and ECHO360_URL, the sandbox is started",
    ),
    (URL, "a base URL instead of a region: https, or http on this machine"),
    (CLIENT_ID, "the id of the API client"),
    (CLIENT_SECRET, "the secret of the API client"),
    ("LECTERN_INSTITUTION", "the name of the institution; all data is stored under it"),
    ("LECTERN_TIME_ZONE", "the IANA time zone in which days are shown"),
    ("LECTERN_WEEK_START", "the first day of the week in charts and preset ranges: monday or sunday"),
    ("LECTERN_ASSET_HOSTS", "the hosts from which report files may be downloaded"),
    (
        "LECTERN_KEEP_DAYS",
        "days for which the rows of a week are kept after its last day: 30 to 3650 [default: 400]",
    ),
    ("LECTERN_RECORD_DAYS", "days for which audit entries are kept [default: 365]"),
    ("LECTERN_SMALLEST", "the fewest students whose figures shares publish [default: 10]"),
    (ACCESS, "Cloudflare Access: the domain of the team, such as example.cloudflareaccess.com"),
    ("ACCESS_AUD", "Cloudflare Access: the audience tag of the application"),
    ("ACCESS_CERTS_URL", "Cloudflare Access: the URL of the certificates, on this machine; for tests"),
    ("LECTERN_ADMINS", "e-mail addresses of the first administrators, separated by commas"),
    (KEY, "a key for signing in as administrator, at least 128 bits: `openssl rand -hex 32`"),
    ("LECTERN_SESSION_KEY", "the key that signs sessions, at least 128 bits; required with LECTERN_KEY"),
    (
        "LECTERN_CLOCK_OFFSET_SECONDS",
        "seconds by which the Worker's clock is shifted, in local mode; for tests",
    ),
];

/// The section about settings in `cargo xtask start --help`.
pub(crate) fn help() -> String {
    let mut help = format!(
        "Settings come from the environment or from the file `{FILE}` at the root of the checkout; the environment \
         wins.\n\n"
    );
    for (name, description) in SETTINGS {
        let _ = writeln!(help, "  {name:<28} {description}");
    }
    help.push_str(
        "\nThe file has lines such as ECHO360_REGION=us. A line that begins with # is a comment. Put a value with spaces, \
         quotes\nor any of # $ \\ in quotes: ' or \" or `, whichever the value does not contain. Every character between \
         them is taken\nas it is.",
    );
    help
}

/// Whether people have to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// Local mode: everybody on this machine is an administrator.
    LocalMode,
    /// As when deployed.
    Required,
}

/// The upstream from which reports are requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// The sandbox, since the settings name no Echo360.
    Sandbox,
    /// The Echo360 that the settings name.
    Echo360,
}

/// Complete and valid settings.
#[derive(Debug)]
pub(crate) struct Settings {
    values: BTreeMap<&'static str, String>,
    upstream: Upstream,
}

impl Settings {
    /// Reads the environment and the settings file in the folder `root`. The error is one line that lists
    /// everything missing or wrong.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let file = match fs::read_to_string(&path) {
            Ok(text) => parse(&text)?,
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let mut environment = BTreeMap::new();
        for (name, _) in SETTINGS {
            match env::var(name) {
                Ok(value) => drop(environment.insert(name, value)),
                Err(VarError::NotPresent) => {}
                Err(VarError::NotUnicode(_)) => bail!("{name} is not valid UTF-8"),
            }
        }
        Self::merge(file, environment)
    }

    /// Merges the settings of the file and of the environment, which takes precedence.
    fn merge(
        file: BTreeMap<&'static str, String>,
        environment: BTreeMap<&'static str, String>,
    ) -> Result<Self> {
        let (mut values, mut environment) = (file, environment);
        // An empty value counts as unset: shells and services remove a variable this way.
        values.retain(|_, value| !value.is_empty());
        environment.retain(|_, value| !value.is_empty());
        // Region and URL are alternatives: either one in the environment replaces both in the file.
        if environment.contains_key(REGION) || environment.contains_key(URL) {
            values.remove(REGION);
            values.remove(URL);
        }
        values.extend(environment);
        let upstream = check(&values)?;
        Ok(Self { values, upstream })
    }

    /// The upstream from which reports are requested.
    pub(crate) fn upstream(&self) -> Upstream {
        self.upstream
    }

    /// Makes a sandbox the upstream.
    pub(crate) fn use_sandbox(&mut self, url: String, client_id: &str, client_secret: &str) {
        self.values.insert(URL, url);
        self.values.insert(CLIENT_ID, client_id.to_owned());
        self.values.insert(CLIENT_SECRET, client_secret.to_owned());
    }

    /// Whether they configure a sign-in method.
    pub(crate) fn has_sign_in(&self) -> bool {
        [ACCESS, KEY].iter().any(|name| self.values.contains_key(name))
    }

    /// Writes the file for `wrangler dev --env-file`, which only its owner can read.
    pub(crate) fn write_env_file(&self, path: &Path, sign_in: SignIn) -> Result<()> {
        let mut text = match sign_in {
            SignIn::LocalMode => format!("{}\n", env_file_line(LOCAL, "1")?),
            SignIn::Required => String::new(),
        };
        for (name, value) in &self.values {
            text.push_str(&env_file_line(name, value)?);
            text.push('\n');
        }
        let write = || -> std::io::Result<()> {
            // An existing file keeps its mode, so remove it first.
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Validates the settings by the Worker's own rules. Returns the upstream that they name.
///
/// Only the Worker's runtime knows all time zones, so the Worker checks that setting when it starts.
fn check(values: &BTreeMap<&'static str, String>) -> Result<Upstream> {
    let is_named = values.contains_key(REGION) || values.contains_key(URL);
    if !is_named
        && let Some(name) = [CLIENT_ID, CLIENT_SECRET].into_iter().find(|name| values.contains_key(name))
    {
        bail!("{name} is set, but neither {REGION} nor {URL}: set one, or unset {name} for the sandbox");
    }
    let default = |name: &str| match name {
        URL => Some("http://127.0.0.1:1".to_owned()),
        CLIENT_ID | CLIENT_SECRET => Some("the sandbox's".to_owned()),
        _ => None,
    };
    let value = |name: &str| values.get(name).cloned().or_else(|| default(name).filter(|_| !is_named));
    if let Err(sentences) = domain::settings::Settings::read(value, |_| true) {
        bail!("{} (in the environment or in {FILE}; see `cargo xtask start --help`)", sentences.join(" "));
    }
    Ok(if is_named { Upstream::Echo360 } else { Upstream::Sandbox })
}

/// Parses a settings file. An error names the line, but never the value, which may be a secret.
fn parse(text: &str) -> Result<BTreeMap<&'static str, String>> {
    let mut values = BTreeMap::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let Ok(setting) = parse_line(line.trim()) else {
            bail!(
                "{FILE}, line {number}: write NAME=value, the whole value in quotes if it has spaces, quotes or any of \
                 # $ \\, and comments on lines of their own"
            );
        };
        let Some((name, value)) = setting else { continue };
        let Some((known, _)) = SETTINGS.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = SETTINGS.iter().map(|(known, _)| *known).collect();
            bail!("{FILE}, line {number}: {name:?} is not a setting; the settings are: {}", names.join(", "));
        };
        if values.insert(*known, value).is_some() {
            bail!("{FILE}, line {number}: {name} is set a second time");
        }
    }
    Ok(values)
}

/// The error for a line of a settings file whose value dotenvy would change.
#[derive(Debug)]
struct AmbiguousLine;

/// Parses one line with dotenvy; `None` if it is empty or a comment.
///
/// dotenvy replaces `$NAME`, resolves backslashes and removes a comment after the value, but a secret must
/// not change silently. So a quoted value (here, also in backticks) is escaped for dotenvy, and any other
/// value that dotenvy does not return unchanged is an error.
fn parse_line(line: &str) -> Result<Option<(String, String)>, AmbiguousLine> {
    let value = line.split_once('=').map_or("", |(_, value)| value.trim());
    let quoted = QUOTES.iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    let escaped = quoted.map(|quoted| {
        let name = line.strip_suffix(value).unwrap_or(line);
        let escaped = quoted.replace('\\', r"\\").replace('"', "\\\"").replace('$', r"\$");
        format!("{name}\"{escaped}\"")
    });
    let line = escaped.as_deref().unwrap_or(line);
    match dotenvy::from_read_iter(line.as_bytes()).next() {
        None => Ok(None),
        Some(Ok((name, parsed))) if parsed == quoted.unwrap_or(value) => Ok(Some((name, parsed))),
        Some(_) => Err(AmbiguousLine),
    }
}

const QUOTES: [char; 3] = ['\'', '`', '"'];

/// A line of the file that `wrangler dev --env-file` reads.
///
/// Wrangler's parser takes the text between quotes literally, with these exceptions: it replaces `$NAME`,
/// even between single quotes (`\$` is a literal `$`); `\n` and `\r` become line breaks between double
/// quotes; and a backslash before the closing quote escapes it. Without quotes, it cuts a value at `#`.
fn env_file_line(name: &str, value: &str) -> Result<String> {
    if value.contains(['\n', '\r']) {
        bail!("{name} contains a line break: it must be one line");
    }
    if value.ends_with('\\') {
        bail!("{name} ends with a backslash: such a value cannot be passed to the Worker");
    }
    let fits = |quote: &char| {
        !value.contains(*quote) && (*quote != '"' || !(value.contains("\\n") || value.contains("\\r")))
    };
    let Some(quote) = QUOTES.iter().find(|quote| fits(quote)) else {
        bail!("{name} contains all three quotes ' \" `: such a value cannot be passed to the Worker");
    };
    Ok(format!("{name}={quote}{}{quote}", value.replace('$', "\\$")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout::Checkout;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    fn settings(pairs: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    fn error_of(file: &[(&'static str, &str)]) -> String {
        Settings::merge(settings(file), BTreeMap::new()).unwrap_err().to_string()
    }

    /// Every text of up to three characters that are special to parsers, and a longer one.
    fn awkward_values() -> Vec<String> {
        let mut values = vec![String::new(), "top \"secret\" # a=b $HOME ${PATH} é it's\\n ".to_owned()];
        let alphabet = ["'", "\"", "`", "#", "=", "$", "\\", " ", "{", "}", "n", "A", "é", ":"];
        for a in alphabet {
            for b in [""].into_iter().chain(alphabet) {
                values.extend([""].into_iter().chain(alphabet).map(|c| format!("{a}{b}{c}")));
            }
        }
        values
    }

    #[test]
    fn without_echo360_settings_the_sandbox_is_used() {
        let read =
            Settings::merge(settings(&[("LECTERN_TIME_ZONE", "Europe/Oslo")]), BTreeMap::new()).unwrap();
        assert_eq!(read.upstream(), Upstream::Sandbox);
    }

    #[test]
    fn the_environment_takes_precedence_and_its_region_replaces_the_files_url() {
        let file = settings(&[(URL, "https://a.example"), (CLIENT_ID, "file"), (CLIENT_SECRET, "file")]);
        let environment = settings(&[(REGION, "uk"), (CLIENT_ID, "environment")]);
        let read = Settings::merge(file, environment).unwrap();
        assert_eq!(read.upstream(), Upstream::Echo360);
        assert_eq!(
            read.values,
            settings(&[(REGION, "uk"), (CLIENT_ID, "environment"), (CLIENT_SECRET, "file")])
        );
    }

    #[test]
    fn everything_missing_or_wrong_is_reported_in_one_line() {
        let whole = [(REGION, "us"), (CLIENT_ID, "id"), (CLIENT_SECRET, "s")];
        assert!(Settings::merge(settings(&whole), BTreeMap::new()).is_ok());
        assert!(error_of(&whole[..2]).starts_with("Set ECHO360_CLIENT_SECRET"));
        assert!(error_of(&[(REGION, "us"), (CLIENT_SECRET, "s")]).starts_with("Set ECHO360_CLIENT_ID"));
        assert!(error_of(&whole[1..]).contains("neither ECHO360_REGION nor ECHO360_URL"));
        assert!(error_of(&[(REGION, "us"), (URL, "https://a.example")]).contains("not both"));
        assert!(error_of(&[("LECTERN_ASSET_HOSTS", "https://x")]).starts_with("LECTERN_ASSET_HOSTS"));
        let all = error_of(&[(REGION, "eu")]);
        assert!(all.contains("us, uk, au or ca") && all.contains(CLIENT_ID) && !all.contains('\n'), "{all}");
    }

    #[test]
    fn a_url_with_a_path_is_refused_before_anything_is_built() {
        let with = |url| settings(&[(URL, url), (CLIENT_ID, "id"), (CLIENT_SECRET, "s")]);
        for good in ["https://echo360.org", "http://127.0.0.1:9", "http://[::1]:9/", "http://localhost"] {
            assert!(Settings::merge(with(good), BTreeMap::new()).is_ok(), "{good}");
        }
        for bad in [
            "https://a.example/base",
            "http://a.example",
            "http://127.0.0.1.a.example",
            "https://",
            "https://me@a.example",
            "a.example",
        ] {
            assert!(Settings::merge(with(bad), BTreeMap::new()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_settings_file_is_parsed_completely() {
        let text = "\u{feff}# ours\n\nexport ECHO360_REGION = uk\nECHO360_CLIENT_ID=a#b=c\nECHO360_CLIENT_SECRET='it''s # \"x\" '\r\n";
        let read = parse(text).unwrap();
        assert_eq!(
            read,
            settings(&[(REGION, "uk"), (CLIENT_ID, "a#b=c"), (CLIENT_SECRET, "it''s # \"x\" ")])
        );
    }

    #[test]
    fn an_error_names_the_ambiguous_line_of_a_settings_file() {
        for (text, part) in [
            ("ECHO360_REGION", "line 1: write NAME=value"),
            ("#\nECHO360_REGOIN=us", "line 2: \"ECHO360_REGOIN\" is not a setting"),
            ("ECHO360_CLIENT_ID='a", "in quotes"),
            ("ECHO360_CLIENT_ID='a' # mine", "in quotes"),
            ("ECHO360_CLIENT_ID=a # mine", "in quotes"),
            ("ECHO360_CLIENT_ID=a b", "in quotes"),
            ("ECHO360_CLIENT_ID=a$HOME", "in quotes"),
            ("ECHO360_CLIENT_ID=a\\n", "in quotes"),
            ("ECHO360_CLIENT_ID=it's", "in quotes"),
            ("ECHO360_CLIENT_ID=a'b'c", "in quotes"),
            ("ECHO360_CLIENT_ID=a\nECHO360_CLIENT_ID=b", "a second time"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text:?}: {error}");
        }
    }

    #[test]
    fn every_character_between_quotes_is_literal() {
        for value in awkward_values() {
            for quote in QUOTES.iter().filter(|quote| !value.contains(**quote)) {
                let read = parse(&format!("ECHO360_CLIENT_SECRET={quote}{value}{quote}")).unwrap();
                assert_eq!(read, settings(&[(CLIENT_SECRET, &value)]));
            }
        }
    }

    #[test]
    fn a_value_without_quotes_is_read_unchanged_or_refused() {
        for value in awkward_values() {
            if let Ok(read) = parse(&format!("ECHO360_CLIENT_SECRET={value}")) {
                let read = &read[CLIENT_SECRET];
                let is_quoted = |quote: &char| value.trim() == format!("{quote}{read}{quote}");
                assert!(read == value.trim() || QUOTES.iter().any(is_quoted), "{value:?}: {read:?}");
            }
        }
    }

    #[test]
    fn an_error_about_a_settings_file_does_not_contain_the_value() {
        let error = parse("ECHO360_CLIENT_SECRET=topsecret and more").unwrap_err();
        assert!(!format!("{error:?} {error:#}").contains("topsecret"));
    }

    #[test]
    fn a_value_that_cannot_be_passed_unchanged_is_refused() {
        for value in ["' \" `", "two\nlines", "end\\", "' ` \\n"] {
            assert!(env_file_line(CLIENT_SECRET, value).is_err(), "{value:?}");
        }
    }

    /// Writes every text of up to three characters that are special to parsers into one file, and reads it
    /// with wrangler's parser.
    #[test]
    fn a_value_arrives_unchanged_through_wranglers_own_parser() {
        let checkout = Checkout::of_xtask();
        let node = checkout.path("node_modules/node/bin/node");
        if !node.is_file() {
            eprintln!("skipped: the npm packages are not installed; `cargo xtask test` installs them first");
            return;
        }
        let values = awkward_values();
        let name = |number: usize| format!("V{number}");
        let lines: Vec<(String, &String, String)> = (0..)
            .zip(&values)
            .filter_map(|(number, value)| {
                Some((name(number), value, env_file_line(&name(number), value).ok()?))
            })
            .collect();
        let refused = values.len() - lines.len();
        assert!(refused < values.len() / 10, "{refused} of {} are refused", values.len());

        let path = env::temp_dir().join(format!("lectern-values-{}", std::process::id()));
        let text: Vec<&str> = lines.iter().map(|(_, _, line)| line.as_str()).collect();
        fs::write(&path, text.join("\n")).unwrap();
        let script = "const { unstable_getVarsForDev } = require('wrangler');
            const vars = unstable_getVarsForDev(undefined, [process.argv[1]], {}, undefined, true);
            console.log(JSON.stringify(Object.fromEntries(Object.entries(vars).map(([k, v]) => [k, v.value]))));";
        let output =
            Command::new(node).current_dir(checkout.root()).args(["-e", script]).arg(&path).output().unwrap();
        fs::remove_file(&path).unwrap();
        let arrived: BTreeMap<String, String> = serde_json::from_slice(&output.stdout).unwrap();
        for (name, value, line) in &lines {
            assert_eq!(arrived.get(name), Some(*value), "{line}");
        }
    }

    #[test]
    fn the_env_file_is_readable_only_by_its_owner_whatever_its_mode_was() {
        let path = env::temp_dir().join(format!("lectern-settings-{}", std::process::id()));
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let read =
            Settings::merge(settings(&[("LECTERN_TIME_ZONE", "Europe/Oslo")]), BTreeMap::new()).unwrap();
        for (sign_in, local) in [(SignIn::LocalMode, "LECTERN_LOCAL='1'\n"), (SignIn::Required, "")] {
            read.write_env_file(&path, sign_in).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(text, format!("{local}LECTERN_TIME_ZONE='Europe/Oslo'\n"));
        }
        fs::remove_file(&path).unwrap();
    }
}
