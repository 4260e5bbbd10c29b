//! Links to files.
//!
//! A link to a file of the API is followed only while the session lasts. Otherwise a browser may save what it gets in place
//! of the file: a page to sign in on, under the name of a CSV file. The file itself never passes through the page, since it
//! can be larger than the memory of a device.

use crate::api_client::{self, SESSION};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlAnchorElement;

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

/// Lets the browser save what is at `url`. An empty name leaves the name to the response.
pub fn save(url: &str, name: &str) {
    if let Ok(link) = document().create_element("a") {
        let link: HtmlAnchorElement = link.unchecked_into();
        link.set_href(url);
        link.set_download(name);
        link.click();
    }
}
