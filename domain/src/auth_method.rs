//! How a visitor signed in.

use serde::{Deserialize, Serialize};

/// A sign-in method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AuthMethod {
    /// Local mode: requests from this machine need no sign-in.
    Local,
    /// Cloudflare Access.
    Access,
    /// The installation's key (`LECTERN_KEY`), which a person types in.
    Key,
}
