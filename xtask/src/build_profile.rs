//! Build profiles: fast to build for `cargo xtask start`, small output for tests and deployments.

/// How much a build optimizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum BuildProfile {
    /// Fast to build, for development: wasm files are not optimized further, and nothing is minified.
    Draft,
    /// As deployed: as small as possible.
    Release,
}

impl BuildProfile {
    /// The Cargo profile with which the page and its data worker are compiled.
    pub(crate) fn of_page(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Release => "page",
        }
    }
}
