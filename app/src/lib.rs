//! The Leptos page and its data thread.
//!
//! - [`page`]: what is mounted in the document; [`pages`]: one file per route; [`parts`]: what pages are made of.
//! - [`chunks`]: the parts that are fetched when they are first needed.
//! - [`address`]: the view, derived from the URL; [`follow`]: a request, followed until it is met;
//!   [`loader`]: the data thread, a program of its own ([`thread`]), as the page sees it; [`clock`]: the Worker's time.
//! - [`reports`]: the thread of every other report; [`teller`]: that thread as the page sees it; [`told`]: what they say
//!   to each other.
//! - [`client`]: the API, typed; [`fetched`]: an answer of it as a signal; [`zone`], [`spelling`]: what `Intl` knows of zones, numbers and days.
//! - [`words`]: every sentence; [`presets`]: the ranges that are a click away; [`capacity`]: how many rows fit;
//!   [`timing`]: marks for a profile.

pub mod address;
pub mod capacity;
pub mod chunks;
pub mod client;
pub mod clock;
pub mod fetched;
pub mod follow;
pub mod loader;
pub mod page;
pub mod pages;
pub mod parts;
pub mod presets;
pub mod reports;
pub mod spelling;
pub mod teller;
pub mod timing;
pub mod told;
pub mod words;
pub mod zone;
