//! The rules of Lectern, pure: no clock, no chance, no network; time is always passed in.
//!
//! Read in this order:
//!
//! - [`time`], [`zone`], [`range`]: instants, the offsets of a named zone, the days a person asks for.
//! - [`report`], [`column`], [`report_listing`]: what Echo360 can report, how its columns are recognised, what it lists.
//! - [`institution_role`]: students apart from staff; [`activity`]: what they do in a course, by kind.
//! - [`window`]: one report over one week, the unit that is asked, stored and shared.
//! - [`window_state`]: the life of one window, from queued to ready; [`scheduler`]: all of them, three slots, one account;
//!   [`fair_queue`]: whose window is next; [`backoff`]: how often to look and how long to back off;
//!   [`collector`]: what a window's store does next with a file or an erasure.
//! - [`upstream`]: what Echo360 says, parsed at the edge; [`directory`]: its courses, sections and terms.
//! - [`scope`]: who may do what, and with which courses; [`role_upload`]: who has which role; [`token`]: a signed word on who
//!   somebody is; [`session`]: how long somebody stays signed in; [`login_throttle`]: wrong keys, slowed; [`quota`]: how much one person may ask for.
//! - [`api`], [`problem`], [`frame`]: what Lectern itself says, to its page and to everybody else; [`erasure`]: what
//!   is to be forgotten.
//! - [`routes`]: the routes of the API, each described once; `openapi`, behind the feature `schema`: their OpenAPI document.
//! - [`shares`]: links for people who cannot sign in; [`audit_log`]: a line of the record.
//! - [`wire`]: what the programs of one page say to each other, as bytes.
//! - [`audit_buffer`]: lines of the record on their way.
//! - [`settings`]: the settings of an installation, validated as a whole; [`jurisdiction`]: whether one of them was changed
//!   too late; [`schema_version`]: whether stored tables can be read.
//! - [`view`]: what is on the screen, as a URL and back.

pub mod activity;
pub mod api;
pub mod audit_buffer;
pub mod audit_log;
pub mod backoff;
pub mod collector;
pub mod column;
pub mod directory;
pub mod erasure;
pub mod fair_queue;
pub mod frame;
pub mod institution_role;
pub mod jurisdiction;
pub mod login_throttle;
#[cfg(feature = "schema")]
pub mod openapi;
pub mod problem;
pub mod quota;
pub mod range;
pub mod report;
pub mod report_listing;
pub mod role_upload;
pub mod routes;
pub mod scheduler;
pub mod schema_version;
pub mod scope;
pub mod session;
pub mod settings;
pub mod shares;
pub mod time;
pub mod token;
pub mod upstream;
pub mod view;
pub mod window;
pub mod window_state;
pub mod wire;
pub mod zone;
