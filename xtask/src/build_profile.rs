//! Build profiles: quick for `cargo xtask start`, small for tests and deployments.

/// How much a build optimizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum BuildProfile {
    /// Quick to build, for working on Lectern: wasm files are not optimized further, and nothing is minified.
    Draft,
    /// As it is deployed: as small as possible.
    Release,
}

impl BuildProfile {
    /// The profile in `Cargo.toml` that the page and its data worker are compiled with.
    pub(crate) fn of_page(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Release => "page",
        }
    }
}
