//! The Leptos page.
//!
//! | topic | modules |
//! |---|---|
//! | page | [`context`]: the application and its context · [`pages`]: one module per route · [`components`]: the building blocks of pages · [`lazy_components`]: components loaded on demand · [`words`]: the texts |
//! | navigation | [`navigation`]: the view, derived from the URL · [`presets`]: preset ranges and terms |
//! | API | [`api_client`]: typed calls · [`api_signal`]: a response as a signal · [`request_tracker`]: follows requests until they are complete · [`downloads`]: links to files, followed while the session lasts · [`interruption`]: the end of the session, and of the page's build |
//! | data | [`data_worker`]: the client of the data worker, which downloads rows and answers with figures |
//! | browser | [`browser_zones`], [`locale`]: zones, numbers and days through `Intl` · [`device`]: how many rows fit, and whether it is a phone · [`clock`]: the Worker's time · [`timing`]: User Timing marks |

pub mod api_client;
pub mod api_signal;
pub mod browser_zones;
pub mod clock;
pub mod components;
pub mod context;
pub mod data_worker;
pub mod device;
pub mod downloads;
pub mod interruption;
pub mod lazy_components;
pub mod locale;
pub mod navigation;
pub mod pages;
pub mod presets;
pub mod request_tracker;
pub mod timing;
pub mod words;
