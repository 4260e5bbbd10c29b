//! The Leptos page, and the program that computes the figures of all reports but `videoview`.
//!
//! | topic | modules |
//! |---|---|
//! | page | [`context`]: the application and its context · [`pages`]: one module per route · [`components`]: the building blocks of pages · [`lazy_components`]: components loaded on demand · [`words`]: the texts |
//! | navigation | [`navigation`]: the view, derived from the URL · [`presets`]: preset ranges and terms |
//! | API | [`api_client`]: typed calls · [`api_signal`]: a response as a signal · [`request_tracker`]: follows requests until they are complete |
//! | data | [`loader`]: the client of the data worker (crate [`thread`]) · [`reports`]: the program of the other reports · [`teller`]: its client · [`told`]: their messages |
//! | browser | [`browser_zones`], [`locale`]: zones, numbers and days through `Intl` · [`device_memory`]: how many rows fit · [`clock`]: the Worker's time · [`timing`]: User Timing marks |

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
pub mod words;
