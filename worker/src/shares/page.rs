//! `/s` and `/s/{id}`: the page that a link opens. It holds nothing: what is shown comes for the token in its fragment, which
//! no server and no log ever sees.
//!
//! Pages of other sites may embed `/s/{id}` where its owner has named them, and nothing else of Lectern. An id that is not
//! there is answered as one that nobody may embed.

use super::{is_share_id, text};
use crate::rpc::{self, RegistryCommand, SharesCommand};
use crate::{crypto, response};
use domain::problem::Problem;
use maud::{DOCTYPE, PreEscaped, html};
use worker::{Response, Stub};

/// Colours of `style/tokens.css`, and what the drawings' inks need of `style/chart.css`.
const STYLE: &str = include_str!("page.css");

/// `page.js`, minified by `build.rs`: sends the token, inserts the share's content, and offers its tables as CSV.
const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/share-page.js"));

/// The page; with the id of a share, one that the share's owner lets pages of other sites embed.
pub(crate) async fn render(registry: &Stub, id: Option<&str>) -> Result<worker::Result<Response>, Problem> {
    let origins: Vec<String> = match id.filter(|id| is_share_id(id)) {
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
    // A hash in the policy admits one exact text, so neither may be escaped; both are files of this folder.
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
