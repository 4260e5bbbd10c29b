//! Links to files.
//!
//! A link to a file of the API is followed only while the session lasts. Otherwise a browser may save what it gets in place
//! of the file: a page to sign in on, under the name of a CSV file. The file itself never passes through the page, since it
//! can be larger than the memory of a device.

use crate::api_client::{self, SESSION};
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// Lets the browser save a file of the API, under the name that the response gives it. If the session has ended, the page
/// says so instead. Other errors are the browser's to show.
pub fn save_api_file(url: String) {
    spawn_local(async move {
        let session = api_client::fetch_text(SESSION).await;
        if !session.is_err_and(|error| error.interruption().is_some()) {
            save(&url, "");
        }
    });
}

/// Lets the browser save a file that is in memory. `kind`: its media type.
pub fn save_bytes(bytes: &[u8], kind: &str, name: &str) {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let content = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&content, &options);
    if let Ok(url) = blob.and_then(|blob| Url::create_object_url_with_blob(&blob)) {
        save_object(&url, name);
    }
}

/// Lets the browser save an object in memory, and revokes its URL 10 seconds later, when the browser has read it.
pub fn save_object(url: &str, name: &str) {
    save(url, name);
    let url = url.to_owned();
    let revoke = move || {
        let _ = Url::revoke_object_url(&url);
    };
    set_timeout(revoke, Duration::from_secs(10));
}

/// Lets the browser save what is at `url`. An empty name leaves the name to the response.
fn save(url: &str, name: &str) {
    if let Ok(link) = document().create_element("a") {
        let link: HtmlAnchorElement = link.unchecked_into();
        link.set_href(url);
        link.set_download(name);
        link.click();
    }
}
