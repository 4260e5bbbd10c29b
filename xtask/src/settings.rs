//! Settings: what a person says about the upstream and the institution, and how it reaches the Worker.
//!
//! They come from the environment and from `lectern.env`; the environment wins. They are handed to `wrangler dev` in a
//! file that only its owner can read, never on a command line, where every process could see them.

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

/// What may be set, and what it means.
const KNOWN: [(&str, &str); 16] = [
    (REGION, "where your Echo360 runs: us, uk, au or ca; without it and ECHO360_URL, the sandbox is started"),
    (URL, "a base URL in place of a region: https, or http on this machine"),
    (CLIENT_ID, "the API client's id"),
    (CLIENT_SECRET, "its secret"),
    ("LECTERN_INSTITUTION", "the institution's name: what is kept belongs to it"),
    ("LECTERN_TIME_ZONE", "the IANA time zone that days are shown in"),
    ("LECTERN_ASSET_HOSTS", "where Echo360's report files may come from"),
    (
        "LECTERN_KEEP_DAYS",
        "how many days after its last day a week's rows are kept: 30 to 3650, 400 if absent",
    ),
    ("LECTERN_RECORD_DAYS", "how many days the record of who saw what is kept: 365 if absent"),
    ("LECTERN_SMALLEST", "shares withhold measures over fewer students: 10 if absent"),
    (ACCESS, "Cloudflare Access: the team's domain, such as example.cloudflareaccess.com"),
    ("ACCESS_AUD", "Cloudflare Access: the application's audience tag"),
    ("ACCESS_CERTS_URL", "where the team's certificates are, on this machine: for tests"),
    ("LECTERN_ADMINS", "e-mail addresses of the first administrators, with commas between"),
    (KEY, "a key that signs in as administrator, at least 128 bits: `openssl rand -base64 24`"),
    ("LECTERN_SESSION_KEY", "what sessions are signed with, at least 128 bits; needed with LECTERN_KEY"),
];

/// What `--help` says about settings.
pub(crate) fn help() -> String {
    let mut help = format!(
        "Settings come from the environment or from the file `{FILE}` at the root of the checkout; the environment \
         wins.\n\n"
    );
    for (name, meaning) in KNOWN {
        let _ = writeln!(help, "  {name:<22} {meaning}");
    }
    help.push_str(
        "\nThe file has lines such as ECHO360_REGION=us. A line that begins with # is a comment. Put a value with spaces, \
         quotes\nor any of # $ \\ in quotes: ' or \" or `, whichever the value does not contain. Every character between \
         them is taken\nas it is.",
    );
    help
}

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Whoever sits at this computer, as administrator.
    Local,
    /// Whoever signs in.
    AsDeployed,
}

/// What is behind the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upstream {
    /// Nothing was said about Echo360: the stand-in.
    Sandbox,
    /// The Echo360 that the settings name.
    Echo360,
}

/// Settings that are complete.
#[derive(Debug)]
pub(crate) struct Settings {
    values: BTreeMap<&'static str, String>,
    upstream: Upstream,
}

impl Settings {
    /// Reads the environment and the settings file under `root`, and says in one line what is missing or wrong.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let path = root.join(FILE);
        let kept = match fs::read_to_string(&path) {
            Ok(text) => parse(&text)?,
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let mut said = BTreeMap::new();
        for (name, _) in KNOWN {
            match env::var(name) {
                Ok(value) => drop(said.insert(name, value)),
                Err(VarError::NotPresent) => {}
                Err(VarError::NotUnicode(_)) => bail!("{name} is not text in UTF-8"),
            }
        }
        Self::merge(kept, said)
    }

    /// Settings of a file and of the environment, which wins.
    fn merge(
        mut kept: BTreeMap<&'static str, String>,
        mut said: BTreeMap<&'static str, String>,
    ) -> Result<Self> {
        // Empty is not set: it is how a shell or a service takes a value back.
        kept.retain(|_, value| !value.is_empty());
        said.retain(|_, value| !value.is_empty());
        // Region and URL are two ways to say one thing: whichever the environment says stands alone.
        if said.contains_key(REGION) || said.contains_key(URL) {
            kept.remove(REGION);
            kept.remove(URL);
        }
        kept.extend(said);
        let upstream = upstream(&kept)?;
        Ok(Self { values: kept, upstream })
    }

    /// What is behind the page.
    pub(crate) fn upstream(&self) -> Upstream {
        self.upstream
    }

    /// Points the settings at a sandbox.
    pub(crate) fn use_sandbox(&mut self, url: String, client_id: &str, client_secret: &str) {
        self.values.insert(URL, url);
        self.values.insert(CLIENT_ID, client_id.to_owned());
        self.values.insert(CLIENT_SECRET, client_secret.to_owned());
    }

    /// Whether somebody can sign in with them.
    pub(crate) fn has_way_in(&self) -> bool {
        [ACCESS, KEY].iter().any(|name| self.values.contains_key(name))
    }

    /// Writes the settings where only their owner can read them; for local mode, with the mark of it.
    pub(crate) fn hand_over(&self, path: &Path, mode: Mode) -> Result<()> {
        let mut text = match mode {
            Mode::Local => format!("{}\n", line(LOCAL, "1")?),
            Mode::AsDeployed => String::new(),
        };
        for (name, value) in &self.values {
            text.push_str(&line(name, value)?);
            text.push('\n');
        }
        let written = || -> std::io::Result<()> {
            // A file that is there keeps its mode, whatever is asked for: begin with none.
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
        };
        written().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// What the settings put behind the page, if they are complete by the Worker's own rules. Which time zones there are
/// is known to its runtime alone: that one is checked when it starts.
fn upstream(values: &BTreeMap<&'static str, String>) -> Result<Upstream> {
    let is_named = values.contains_key(REGION) || values.contains_key(URL);
    if !is_named
        && let Some(name) = [CLIENT_ID, CLIENT_SECRET].into_iter().find(|name| values.contains_key(name))
    {
        bail!("{name} is set, but neither {REGION} nor {URL}: set one, or unset {name} for the sandbox");
    }
    let of_sandbox = |name: &str| match name {
        URL => Some("http://127.0.0.1:1".to_owned()),
        CLIENT_ID | CLIENT_SECRET => Some("the sandbox's".to_owned()),
        _ => None,
    };
    let value = |name: &str| values.get(name).cloned().or_else(|| of_sandbox(name).filter(|_| !is_named));
    if let Err(sentences) = domain::settings::Settings::read(value, |_| true) {
        bail!("{} (in the environment or in {FILE}: `cargo xtask start --help`)", sentences.join(" "));
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
        let Some((known, _)) = KNOWN.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = KNOWN.iter().map(|(known, _)| *known).collect();
            bail!("{FILE}, line {number}: {name:?} is not a setting; the settings are: {}", names.join(", "));
        };
        if values.insert(*known, value).is_some() {
            bail!("{FILE}, line {number}: {name} is set a second time");
        }
    }
    Ok(values)
}

/// A line of a settings file whose value dotenvy would change.
#[derive(Debug)]
struct Unclear;

/// Parses one line with dotenvy; `None` if it is empty or a comment.
///
/// dotenvy replaces `$NAME`, resolves backslashes and removes a comment after the value. A secret must not change
/// silently. So a value in quotes, which here may also be backticks, is escaped before dotenvy sees it, and any other value
/// that dotenvy does not return unchanged is refused.
fn parse_line(line: &str) -> Result<Option<(String, String)>, Unclear> {
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
        Some(_) => Err(Unclear),
    }
}

const QUOTES: [char; 3] = ['\'', '`', '"'];

/// A line of the file that `wrangler dev --env-file` reads.
///
/// Its parser takes what stands between quotes as it is, save that it replaces `$NAME` (also between single quotes;
/// `\$` stands for the sign itself), that `\n` and `\r` become line breaks between double quotes, and that a
/// backslash before the closing quote hides it.
fn line(name: &str, value: &str) -> Result<String> {
    if value.contains(['\n', '\r']) {
        bail!("{name} holds a line break: it must be one line");
    }
    if value.ends_with('\\') {
        bail!("{name} ends with a backslash, which cannot be handed to the Worker");
    }
    let fits = |quote: &char| {
        !value.contains(*quote) && (*quote != '"' || !(value.contains("\\n") || value.contains("\\r")))
    };
    let Some(quote) = QUOTES.iter().find(|quote| fits(quote)) else {
        bail!("{name} holds all three quotes ' \" `, which cannot be handed to the Worker");
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

    fn complaint(kept: &[(&'static str, &str)]) -> String {
        Settings::merge(settings(kept), BTreeMap::new()).unwrap_err().to_string()
    }

    /// Every text of up to three characters that mean something to a parser, and a longer one.
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
    fn without_any_word_of_echo360_the_sandbox_is_used() {
        let read =
            Settings::merge(settings(&[("LECTERN_TIME_ZONE", "Europe/Oslo")]), BTreeMap::new()).unwrap();
        assert_eq!(read.upstream(), Upstream::Sandbox);
    }

    #[test]
    fn the_environment_wins_and_a_region_there_replaces_a_url_in_the_file() {
        let kept = settings(&[(URL, "https://a.example"), (CLIENT_ID, "kept"), (CLIENT_SECRET, "kept")]);
        let read = Settings::merge(kept, settings(&[(REGION, "uk"), (CLIENT_ID, "said")])).unwrap();
        assert_eq!(read.upstream(), Upstream::Echo360);
        assert_eq!(read.values, settings(&[(REGION, "uk"), (CLIENT_ID, "said"), (CLIENT_SECRET, "kept")]));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_in_one_line() {
        let whole = [(REGION, "us"), (CLIENT_ID, "id"), (CLIENT_SECRET, "s")];
        assert!(Settings::merge(settings(&whole), BTreeMap::new()).is_ok());
        assert!(complaint(&whole[..2]).starts_with("Set ECHO360_CLIENT_SECRET"));
        assert!(complaint(&[(REGION, "us"), (CLIENT_SECRET, "s")]).starts_with("Set ECHO360_CLIENT_ID"));
        assert!(complaint(&whole[1..]).contains("neither ECHO360_REGION nor ECHO360_URL"));
        assert!(complaint(&[(REGION, "us"), (URL, "https://a.example")]).contains("not both"));
        assert!(complaint(&[("LECTERN_ASSET_HOSTS", "https://x")]).starts_with("LECTERN_ASSET_HOSTS"));
        let all = complaint(&[(REGION, "eu")]);
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
    fn a_settings_file_is_read_whole() {
        let text = "\u{feff}# ours\n\nexport ECHO360_REGION = uk\nECHO360_CLIENT_ID=a#b=c\nECHO360_CLIENT_SECRET='it''s # \"x\" '\r\n";
        let read = parse(text).unwrap();
        assert_eq!(
            read,
            settings(&[(REGION, "uk"), (CLIENT_ID, "a#b=c"), (CLIENT_SECRET, "it''s # \"x\" ")])
        );
    }

    #[test]
    fn an_unclear_line_of_a_settings_file_is_named() {
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
    fn every_character_between_quotes_stands_for_itself() {
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
    fn what_cannot_be_handed_over_whole_is_refused() {
        for value in ["' \" `", "two\nlines", "end\\", "' ` \\n"] {
            assert!(line(CLIENT_SECRET, value).is_err(), "{value:?}");
        }
    }

    /// Every text of up to three characters that mean something to the parser, many in one file, through the reader
    /// that `wrangler dev` uses.
    #[test]
    fn a_value_arrives_whole_through_wranglers_own_reader() {
        let checkout = Checkout::of_this_tool();
        let node = checkout.path("node_modules/node/bin/node");
        if !node.is_file() {
            eprintln!(
                "not tried: the npm packages are not installed; `cargo xtask test` installs them first"
            );
            return;
        }
        let values = awkward_values();
        let name = |number: usize| format!("V{number}");
        let lines: Vec<(String, &String, String)> = (0..)
            .zip(&values)
            .filter_map(|(number, value)| Some((name(number), value, line(&name(number), value).ok()?)))
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
    fn only_the_owner_reads_what_is_handed_over_even_where_others_could() {
        let path = env::temp_dir().join(format!("lectern-settings-{}", std::process::id()));
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let read =
            Settings::merge(settings(&[("LECTERN_TIME_ZONE", "Europe/Oslo")]), BTreeMap::new()).unwrap();
        for (mode, mark) in [(Mode::Local, "LECTERN_LOCAL='1'\n"), (Mode::AsDeployed, "")] {
            read.hand_over(&path, mode).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(text, format!("{mark}LECTERN_TIME_ZONE='Europe/Oslo'\n"));
        }
        fs::remove_file(&path).unwrap();
    }
}
