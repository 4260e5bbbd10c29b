//! A stand-in for Echo360: the reporting API over HTTP, with the generated data of one institution.
//!
//! - [`start`] serves it inside a test; the binary `sandbox` runs it as a program.
//! - [`Settings`]: the size of the institution, the random seed, the clock, and the API's limits.
//! - [`Truth`]: the rows of each report, computed independently of the report files (over HTTP: `GET
//!   /sandbox/rows`).
//! - [`faults`]: the faults that a test can inject (over HTTP: `POST /sandbox/faults`).
//!
//! Besides the vendor's routes, the sandbox has routes of its own. They need no token and do not count as API calls:
//!
//! | route | |
//! |---|---|
//! | `GET /sandbox/rows?report=&start=&end=&course=&section=&as_of=` | the true rows: `{"columns":[…],"rows":[…]}`, streamed, one row per line, each cell as its text in the file |
//! | `…&summary=count` | `{"rows":n,"digest":"…"}`: the wrapping sum of [`truth::row_digest`] |
//! | `…&summary=minutes_per_day&zone_offset_seconds=0` | `{"days":[{"day","rows","minutes","viewers"}],"rows":n}` of video views, without days that have none |
//! | `POST /sandbox/faults` · `GET` · `DELETE` | adds faults (one [`faults::Order`] or a list) · lists faults and how often each struck · removes all |
//! | `GET /sandbox/ledger` · `DELETE` | the requests made, call rates and concurrency · resets them |
//! | `POST /sandbox/requests` `{report, parameters, output?, build_seconds?}` | another client with the same account requests a report |
//! | `GET /sandbox/clock` · `POST` `{advance_seconds}` | reads the clock · moves it forward |
//!
//! The fault `redirect` sends a client through `GET /hop`, on this sandbox or another, to `GET /moved/files/{name}`.
//!
//! A file contains the events up to the creation of its upstream request. For a day that is not over, and for
//! `asset`, query the truth with that instant as `as_of`.

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

pub use clock::{monday, parse_instant};
pub use report::{Cell, Report};
pub use server::{Running, start};
pub use settings::{Settings, SingleRequest};
pub use truth::Truth;
