//! Architecture tests: which crate may depend on which, and that no crate has import cycles between its
//! modules.
//!
//! | module | |
//! |---|---|
//! | [`workspace`] | the crates of the workspace, as `cargo metadata` lists them |
//! | [`crates`] | the allowed dependencies between crates, and what pure crates must not depend on |
//! | [`cycles`] | the search for import cycles between modules |
//! | [`module_tree`] | the modules of one crate and the paths that each of them names |

mod crates;
mod cycles;
mod module_tree;
mod workspace;
