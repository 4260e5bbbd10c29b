//! The state folder of a local Lectern: everything that persists from one `cargo xtask start` to the next.
//!
//! The file `state-version` contains the version of the formats in which the Worker stores its data. A start
//! refuses a folder with another version, since this Worker might misread its data. See "When a stored format
//! changes" in `CONTRIBUTING.md`.

use anyhow::{Context, Result, bail};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The version of the formats in which the Worker stores its data. Raise it when a stored format changes and
/// the Worker cannot upgrade stored data by itself.
const STATE_VERSION: u32 = 1;

/// The file with the version of the state.
const VERSION_FILE: &str = "state-version";
/// The folder in which the Worker's Durable Objects store their data.
const WORKER_FOLDER: &str = "worker";
/// The settings that are passed to the Worker.
const SETTINGS_FILE: &str = "settings.env";
/// The port of the sandbox. It must not change, since the Worker stores its data under the upstream's host
/// and port.
const SANDBOX_PORT_FILE: &str = "sandbox-port";
/// The output of wrangler and workerd.
const WRANGLER_LOG: &str = "wrangler.log";
/// The output of the sandbox.
const SANDBOX_LOG: &str = "sandbox.log";
/// The folder in which wrangler registers running Workers. Each state folder has its own, so that two running
/// Lecterns do not find each other.
const REGISTRY_FOLDER: &str = "registry";
/// The file that is locked while a start runs.
const LOCK_FILE: &str = "lock";

/// The state folder, locked until this is dropped.
pub(crate) struct StateFolder {
    folder: PathBuf,
    _lock: File,
}

impl StateFolder {
    /// Opens and locks a state folder, creating it if necessary. With `fresh`, removes the state of earlier
    /// starts.
    ///
    /// Fails if another start uses it, or if its data was stored by another version of Lectern.
    pub(crate) fn open(folder: &Path, fresh: bool) -> Result<Self> {
        let created = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        created.with_context(|| format!("cannot create {}", folder.display()))?;
        let folder = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
        let lock = File::create(folder.join(LOCK_FILE))
            .with_context(|| format!("cannot write in {}", folder.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "another start uses {}: stop it, or choose another folder with --state",
                    folder.display()
                )
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", folder.display()));
            }
        }
        let state = Self { folder, _lock: lock };
        if fresh {
            state.clear()?;
        }
        state.check_version()?;
        Ok(state)
    }

    /// Removes the state of earlier starts, by name, since the folder may contain other files.
    fn clear(&self) -> Result<()> {
        let names = [
            WORKER_FOLDER,
            SETTINGS_FILE,
            SANDBOX_PORT_FILE,
            WRANGLER_LOG,
            SANDBOX_LOG,
            REGISTRY_FOLDER,
            // Last, so that remaining files keep their version if this fails.
            VERSION_FILE,
        ];
        for name in names {
            let path = self.folder.join(name);
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            match removed {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(|| format!("cannot remove {}", path.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Checks that the data has this version; a folder without data gets it.
    fn check_version(&self) -> Result<()> {
        let path = self.folder.join(VERSION_FILE);
        let stored_by = match fs::read_to_string(&path) {
            Ok(text) => match text.trim().parse::<u32>() {
                Ok(STATE_VERSION) => return Ok(()),
                Ok(version) if version < STATE_VERSION => format!("an older Lectern (version {version})"),
                Ok(version) => format!("a newer Lectern (version {version})"),
                Err(_) => format!("an unknown Lectern ({VERSION_FILE} holds no version)"),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if !self.worker_folder().exists() {
                    return fs::write(&path, format!("{STATE_VERSION}\n"))
                        .with_context(|| format!("cannot write {}", path.display()));
                }
                format!("an older Lectern (it has no {VERSION_FILE})")
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        bail!(
            "the state in {} was stored by {stored_by}, and this one reads version {STATE_VERSION}: add --fresh to delete it, or \
             choose another folder with --state",
            self.folder.display()
        );
    }

    /// The folder in which the Worker's Durable Objects store their data.
    pub(crate) fn worker_folder(&self) -> PathBuf {
        self.folder.join(WORKER_FOLDER)
    }

    /// The file with the settings for the Worker.
    pub(crate) fn settings_file(&self) -> PathBuf {
        self.folder.join(SETTINGS_FILE)
    }

    /// The folder in which wrangler registers running Workers.
    pub(crate) fn registry_folder(&self) -> PathBuf {
        self.folder.join(REGISTRY_FOLDER)
    }

    /// Creates the log of wrangler, or empties it.
    pub(crate) fn create_wrangler_log(&self) -> Result<LogFile> {
        LogFile::create(self.folder.join(WRANGLER_LOG))
    }

    /// Creates the log of the sandbox, or empties it.
    pub(crate) fn create_sandbox_log(&self) -> Result<LogFile> {
        LogFile::create(self.folder.join(SANDBOX_LOG))
    }

    /// The port that the sandbox had at the last start.
    pub(crate) fn sandbox_port(&self) -> Option<u16> {
        fs::read_to_string(self.folder.join(SANDBOX_PORT_FILE)).ok()?.trim().parse().ok()
    }

    /// Stores the port of the sandbox for the next start.
    pub(crate) fn store_sandbox_port(&self, port: u16) -> Result<()> {
        let path = self.folder.join(SANDBOX_PORT_FILE);
        fs::write(&path, format!("{port}\n")).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A log file with the output of a child process, which only its owner can read.
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
}

impl LogFile {
    fn create(path: PathBuf) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        file.set_len(0).with_context(|| format!("cannot empty {}", path.display()))?;
        Ok(Self { path, file })
    }

    /// The file, for a child's stdout or stderr.
    pub(crate) fn file(&self) -> Result<File> {
        self.file
            .try_clone()
            .with_context(|| format!("cannot duplicate the handle of {}", self.path.display()))
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The last line that contains "error", or else the last line with any text.
    pub(crate) fn last_error(&self) -> String {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let lines =
            || text.lines().rev().map(strip_colors).filter(|line| line.chars().any(char::is_alphanumeric));
        let error = lines().find(|line| line.to_ascii_lowercase().contains("error"));
        error.or_else(|| lines().next()).unwrap_or_else(|| "it printed nothing".to_owned())
    }
}

/// Removes escape sequences for colors from a line.
fn strip_colors(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        text.push_str(before);
        rest = after
            .find(|end: char| end.is_ascii_alphabetic())
            .and_then(|end| after.get(end + 1..))
            .unwrap_or("");
    }
    text.push_str(rest);
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("lectern-state-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn a_state_folder_can_be_used_by_one_start_at_a_time() {
        let folder = folder("lock");
        let first = StateFolder::open(&folder, false).unwrap();
        let error = StateFolder::open(&folder, false).err().unwrap().to_string();
        assert!(error.contains("choose another folder with --state"), "{error}");
        drop(first);
        assert!(StateFolder::open(&folder, false).is_ok());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_fresh_start_removes_the_state_and_nothing_else() {
        let folder = folder("fresh");
        let state = StateFolder::open(&folder, false).unwrap();
        state.store_sandbox_port(4000).unwrap();
        fs::create_dir(state.worker_folder()).unwrap();
        fs::write(folder.join("mine.txt"), "").unwrap();
        drop(state);
        let state = StateFolder::open(&folder, true).unwrap();
        assert_eq!(state.sandbox_port(), None);
        assert!(!state.worker_folder().exists());
        assert!(folder.join("mine.txt").exists());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_state_of_the_same_version_is_opened_again() {
        let folder = folder("same");
        let state = StateFolder::open(&folder, false).unwrap();
        fs::create_dir(state.worker_folder()).unwrap();
        drop(state);
        assert_eq!(fs::read_to_string(folder.join(VERSION_FILE)).unwrap(), format!("{STATE_VERSION}\n"));
        assert!(StateFolder::open(&folder, false).is_ok());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_state_of_another_version_is_refused_until_it_is_deleted_with_fresh() {
        let newer = (STATE_VERSION + 1).to_string();
        let versions = [
            (None, "an older Lectern (it has no state-version)"),
            (Some("0"), "an older Lectern (version 0)"),
            (Some(newer.as_str()), "a newer Lectern"),
            (Some("two"), "an unknown Lectern"),
            (Some(""), "an unknown Lectern"),
        ];
        for (version, expected) in versions {
            let folder = folder("other");
            fs::create_dir_all(folder.join(WORKER_FOLDER)).unwrap();
            if let Some(version) = version {
                fs::write(folder.join(VERSION_FILE), version).unwrap();
            }
            let error = StateFolder::open(&folder, false).err().unwrap().to_string();
            assert!(error.contains(expected) && error.contains("--fresh"), "{version:?}: {error}");
            assert!(!error.contains('\n'), "{error}");
            assert!(folder.join(WORKER_FOLDER).exists(), "{version:?}");
            drop(StateFolder::open(&folder, true).unwrap());
            assert!(!folder.join(WORKER_FOLDER).exists(), "{version:?}");
            assert!(StateFolder::open(&folder, false).is_ok(), "{version:?}");
            fs::remove_dir_all(&folder).unwrap();
        }
    }

    #[test]
    fn colors_are_stripped_from_reported_errors() {
        assert_eq!(
            strip_colors("\u{1b}[31m✘ \u{1b}[41;31m[ERROR]\u{1b}[0m Address in use"),
            "✘ [ERROR] Address in use"
        );
    }
}
