//! Cache of the rendered content of recently opened shares. Whether a share opens is never cached: the Registry
//! decides each time, and returns the version of the content.

use domain::shares::ShareContent;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Maximum number of shares in the cache. The content of a course over a year has some 200 KB.
const MAX_CACHED_SHARES: usize = 20;

/// Rendered content.
#[derive(Clone)]
pub(super) struct CachedContent {
    /// The version of the content, from the Registry.
    pub(super) version: String,
    /// The content, which also has the `LECTERN_SMALLEST` for which it was rendered.
    pub(super) content: Rc<ShareContent>,
}

thread_local! {
    /// By the share's id.
    static CACHE: RefCell<HashMap<String, CachedContent>> = RefCell::default();
}

/// The content of a share as last rendered with this `LECTERN_SMALLEST`.
pub(super) fn get(share: &str, smallest: u32) -> Option<CachedContent> {
    CACHE.with_borrow(|cache| cache.get(share).cloned()).filter(|cached| cached.content.smallest == smallest)
}

/// Stores the content of a share.
pub(super) fn set(share: String, cached: CachedContent) {
    CACHE.with_borrow_mut(|cache| {
        if cache.len() >= MAX_CACHED_SHARES {
            cache.clear();
        }
        cache.insert(share, cached);
    });
}
