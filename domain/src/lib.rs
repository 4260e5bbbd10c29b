//! The rules of Lectern. Pure: no clock, randomness or network; the current time is always an argument.
//!
//! | topic | modules |
//! |---|---|
//! | time | [`time`]: instants and days · [`zone`]: UTC offsets of a named zone · [`range`]: the days of a request |
//! | reports | [`report`]: the known reports, one descriptor each · [`mod@column`]: recognizes columns · [`report_listing`]: Echo360's list of reports · [`activity`]: kinds of activity · [`data_quality`]: what is unusual in files · [`institution_role`]: student or staff |
//! | time | [`time`]: instants and days · [`calendar`]: breaks and the first day of the week · [`zone`]: UTC offsets of a named zone · [`range`]: the days of a request |
//! | reports | [`report`]: the known reports, one descriptor each · [`mod@column`]: recognizes columns · [`report_listing`]: Echo360's list of reports · [`activity`]: kinds of activity · [`institution_role`]: student or staff |
//! | windows | [`window`]: one report over one week · [`window_state`]: its states, from queued to ready · [`collector`]: decides the next step of a window's store |
//! | reports | [`report`]: the known reports, one descriptor each · [`mod@column`]: recognizes columns · [`report_listing`]: Echo360's list of reports · [`activity`]: kinds of activity · [`institution_role`]: student or staff |
//! | windows | [`window`]: one report over one week · [`window_state`]: its states, from queued to ready · [`collector`]: decides the next step of a window's store · [`shrinkage`]: whether a newer copy has lost rows |
//! | scheduling | [`scheduler`]: all windows, three slots, one account · [`fair_queue`]: whose window is next · [`backoff`]: polling intervals and backoff · [`quota`]: limits per person and day · [`rate_limit`]: limits per minute |
//! | Echo360 | [`upstream`]: its responses, parsed at the edge · [`paging`]: lists that it sends page by page · [`request_list`]: all upstream requests · [`directory`]: its courses, sections and terms · [`upstream_health`]: whether it has failed for too long |
//! | access | [`scope`]: who may do what · [`role`]: roles and grants · [`auth_method`]: how somebody signed in · [`ids`]: UUIDs and e-mail addresses · [`role_upload`]: roles from a CSV file · [`section_number`]: likely numbers, and labels with the term · [`token`]: tokens of Cloudflare Access · [`encoding`]: base64 · [`session`]: session rules · [`login_throttle`]: slows down wrong keys |
//! | audit and erasure | [`audit_log`]: which entries become one line, and how many a day can add · [`audit_buffer`]: holds entries until they are stored · [`erasure`]: requests, progress and tombstones · [`shared_accounts`]: accounts that stand for many people |
//! | HTTP API | [`routes`]: every route, described once · [`api`]: its types · [`problem`]: problem documents · [`frame`]: the format of rows · [`formula_injection`]: makes cells safe in spreadsheets · [`shares`]: shares · [`share_link`]: their links · [`link_limits`]: slows down forged links · `openapi` (feature `schema`): the OpenAPI document |
//! | page | [`view`]: what is on the screen, as a URL and back · [`query`]: what is to be measured |
//! | installation | [`settings`]: all settings, validated together · [`jurisdiction`]: refuses a change after data was stored · [`schema_version`]: refuses tables of a newer release |

pub mod activity;
pub mod api;
pub mod audit_buffer;
pub mod audit_log;
pub mod auth_method;
pub mod backoff;
pub mod calendar;
pub mod collector;
pub mod column;
pub mod data_quality;
pub mod directory;
pub mod encoding;
pub mod erasure;
pub mod fair_queue;
pub mod formula_injection;
pub mod frame;
pub mod ids;
pub mod institution_role;
pub mod jurisdiction;
pub mod link_limits;
pub mod login_throttle;
#[cfg(feature = "schema")]
pub mod openapi;
pub mod paging;
pub mod problem;
pub mod query;
pub mod quota;
pub mod range;
pub mod rate_limit;
pub mod report;
pub mod report_listing;
pub mod request_list;
pub mod role;
pub mod role_upload;
pub mod routes;
pub mod scheduler;
pub mod schema_version;
pub mod scope;
pub mod section_number;
pub mod session;
pub mod settings;
pub mod share_link;
pub mod shared_accounts;
pub mod shares;
pub mod shrinkage;
pub mod time;
pub mod token;
pub mod upstream;
pub mod upstream_health;
pub mod view;
pub mod window;
pub mod window_state;
pub mod zone;
