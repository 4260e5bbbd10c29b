//! The Leptos page and its data thread.
//!
//! - [`context`]: what is mounted in the document; [`pages`]: one file per route; [`components`]: what pages are made of.
//! - [`lazy_components`]: the parts that are fetched when they are first needed.
//! - [`navigation`]: the view, derived from the URL; [`request_tracker`]: a request, followed until it is met;
//!   [`loader`]: the data thread, a program of its own ([`thread`]), as the page sees it; [`clock`]: the Worker's time.
//! - [`reports`]: the thread of every other report; [`teller`]: that thread as the page sees it; [`told`]: what they say
//!   to each other.
//! - [`api_client`]: the API, typed; [`api_signal`]: an answer of it as a signal; [`browser_zones`], [`locale`]: what `Intl` knows of zones, numbers and days.
//! - [`words`]: every sentence; [`presets`]: the ranges that are a click away; [`device_memory`]: how many rows fit;
//!   [`timing`]: marks for a profile.

pub mod api_client;
pub mod api_signal;
pub mod browser_zones;
pub mod clock;
pub mod components;
pub mod context;
pub mod device_memory;
pub mod lazy_components;
pub mod loader;
pub mod locale;
pub mod navigation;
pub mod pages;
pub mod presets;
pub mod reports;
pub mod request_tracker;
pub mod teller;
pub mod timing;
pub mod told;
pub mod words;
