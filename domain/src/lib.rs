//! The rules of Lectern, pure: no clock, no chance, no network; time is always passed in.
//!
//! Read in this order:
//!
//! - [`time`], [`zone`], [`range`]: instants, the offsets of a named zone, the days a person asks for.
//! - [`report`], [`column`], [`offer`]: what Echo360 can report, how its columns are recognised, what it lists.
//! - [`role`]: students apart from staff; [`activity`]: what they do in a course, by kind.
//! - [`window`]: one report over one week, the unit that is asked, stored and shared.
//! - [`life`]: the life of one window, from queued to ready; [`desk`]: all of them, three slots, one account;
//!   [`turn`]: whose window is next; [`pace`]: how often to look and how long to back off.
//! - [`upstream`]: what Echo360 says, parsed at the edge; [`directory`]: its courses, sections and terms.
//! - [`scope`]: who may do what, and with which courses; [`roster`]: who has which role; [`token`]: a signed word on who
//!   somebody is; [`tries`]: wrong keys, slowed; [`quota`]: how much one person may ask for.
//! - [`api`], [`problem`], [`frame`]: what Lectern itself says, to its page and to everybody else; [`forget`]: what
//!   is to be forgotten.
//! - [`shares`]: links for people who cannot sign in; [`seen`]: a line of the record.
//! - [`wire`]: what the programs of one page say to each other, as bytes.
//! - [`gathered`]: lines of the record on their way.
//! - [`settings`]: what an installation is told, validated whole.
//! - [`view`]: what is on the screen, as a URL and back.

pub mod activity;
pub mod api;
pub mod column;
pub mod desk;
pub mod directory;
pub mod forget;
pub mod frame;
pub mod gathered;
pub mod life;
pub mod offer;
pub mod pace;
pub mod problem;
pub mod quota;
pub mod range;
pub mod report;
pub mod role;
pub mod roster;
pub mod scope;
pub mod seen;
pub mod settings;
pub mod shares;
pub mod time;
pub mod token;
pub mod tries;
pub mod turn;
pub mod upstream;
pub mod view;
pub mod window;
pub mod wire;
pub mod zone;
