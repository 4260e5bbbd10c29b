//! `/s` and `/s/{id}`: the page that a share's link opens.
//!
//! The page itself contains no data. Its script takes the token from the part of the link after `#` and sends
//! it in the body of `POST /api/shared`, so that no server or log sees it in a URL.
//!
//! `/s/{id}` is the only page of Lectern that other sites may embed, and only the origins that the share's
//! owner named. An unknown id gets the same page as a share that no site may embed.

use super::text;
use crate::rpc::{self, RegistryCommand, SharesCommand};
use crate::{crypto, response};
use domain::problem::Problem;
use maud::{DOCTYPE, PreEscaped, html};
use worker::{Response, Stub};

/// The style sheet: the colors of `style/tokens.css` and the rules of `style/chart.css` that charts need.
const STYLE: &str = include_str!("page.css");

/// `page.js`, minified by `build.rs`: sends the token, inserts the share's content, and offers its tables as
/// CSV.
const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/share-page.js"));

/// Renders the page. With a share's id, the origins that its owner named may embed it.
pub(crate) async fn render(registry: &Stub, id: Option<&str>) -> Result<worker::Result<Response>, Problem> {
    let origins: Vec<String> = match id.filter(|id| crypto::is_well_formed_id(id)) {
        Some(id) => {
            let command = SharesCommand::GetOrigins { id: id.to_owned() };
            rpc::call(registry, &RegistryCommand::Shares(command)).await?
        }
        None => Vec::new(),
    };
    Ok(respond(&origins))
}

fn respond(origins: &[String]) -> worker::Result<Response> {
    let (style, script) = (STYLE.trim(), SCRIPT.trim());
    // A hash in the policy admits one exact text, so neither may be escaped. Both are built from files in
    // this folder.
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Lectern" }
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="robots" content="noindex";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="data:,";
                style { (PreEscaped(style)) }
            }
            body {
                main aria-live="polite" data-unreachable=(text::UNREACHABLE) {
                    p { (text::OPENING) }
                    noscript { (text::NO_SCRIPT) }
                }
                script { (PreEscaped(script)) }
            }
        }
    };
    let ancestors = if origins.is_empty() { "'none'".to_owned() } else { origins.join(" ") };
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors {ancestors}",
        crypto::csp_hash(script),
        crypto::csp_hash(style),
    );
    let response = response::with_private_headers(Response::from_html(page.into_string())?)?;
    let headers = response.headers();
    headers.set("content-security-policy", &policy)?;
    headers.set("x-robots-tag", "noindex")?;
    if !origins.is_empty() {
        headers.set("cross-origin-resource-policy", "cross-origin")?;
    }
    Ok(response)
}
