//! A faithful Echo360 stand-in: the reporting API over real HTTP, on one believable institution.
//!
//! - [`start`] serves it inside a test; the binary `sandbox` serves it on its own.
//! - [`Settings`] says how large it is, what it is drawn from, and what time it is there.
//! - [`Truth`] knows what the reports hold without reading them; over HTTP it is `GET /sandbox/rows`.
//! - [`faults`] lists what can be made to go wrong; over HTTP it is `POST /sandbox/faults`.
//!
//! Beside the vendor's routes there are the sandbox's own, which need no token and count as nobody's call:
//!
//! | route | |
//! |---|---|
//! | `GET /sandbox/rows?report=&start=&end=&course=&section=&as_of=` | the true rows: `{"columns":[…],"rows":[…]}`, streamed, a row a line, every cell as the text that stands in the file |
//! | `…&summary=count` | `{"rows":n,"digest":"…"}`: the wrapping sum of [`truth::row_digest`] |
//! | `…&summary=minutes_per_day&zone_offset_seconds=0` | `{"days":[{"day","rows","minutes","viewers"}],"rows":n}` of video views; days without any are left out |
//! | `POST /sandbox/faults` · `GET` · `DELETE` | adds faults (one [`faults::Order`] or a list); what is set and how often each struck; none |
//! | `GET /sandbox/ledger` · `DELETE` | what was asked, how fast, how much at once; starts anew |
//! | `POST /sandbox/requests` `{report, parameters, output?, build_seconds?}` | somebody else asks, with the same account and its slots |
//! | `GET /sandbox/clock` · `POST` `{advance_seconds}` | what time it is; moves the clock forward |
//!
//! The fault `redirect` sends a client through `GET /hop`, on this sandbox or another, to `GET /moved/files/{name}`.
//!
//! A file holds what had happened when its request was created: ask the truth `as_of` that instant where it matters (a day
//! that is not over, or `asset`).

mod api;
mod chance;
mod clock;
mod events;
pub mod faults;
mod file;
mod institution;
mod ledger;
mod links;
mod report;
mod requests;
mod sandbox;
mod server;
mod settings;
mod tokens;
pub mod truth;

pub use clock::parse_instant;
pub use report::{Cell, Report};
pub use server::{Running, start};
pub use settings::{Settings, SingleRequest};
pub use truth::Truth;
