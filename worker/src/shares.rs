//! `/api/shares` and `/s`: links for people who cannot sign in, and the pages that they open.
//!
//! - [`freezing`]: weeks counted from the rows, once for everybody; [`page`]: what a browser is given; [`told`]: what a share
//!   shows, as a fragment of that page; [`words`]: all that it says.

mod freezing;
mod page;
mod told;
mod words;

pub(crate) use page::serve as serve_page;

use crate::access::{Visitor, refuse_other_sites};
use crate::errand::{self, Bearer, Change, Kept, Note, Opened, Stored, ToDesk, ToRegister, ToShares, Week};
use crate::register::sees_all;
use crate::{answer, clock, record, route, seal};
use domain::api::{AuditAction, Course, Courses};
use domain::problem::{Code, Problem};
use domain::range::Range;
use domain::report::ReportName;
use domain::scope::{AccessScope, Action, parse_uuid};
use domain::settings::Settings;
use domain::shares::{
    COURSE, CreateShareRequest, CreateShareResponse, DEFAULT_DAYS, MAX_DAYS, MAX_NAME_LENGTH, MAX_ORIGINS,
    MAX_WEEKS, OpenShareRequest, PanelOutline, SUBJECTS, Share, SwitchSharesRequest, TOKEN_LENGTH,
    UpdateShareRequest, lifetime,
};
use domain::time::{Day, Timestamp, minus_days, monday, plus_days};
use freezing::{Freezer, Frozen};
use worker::{Env, Method, Request, Response, Stub};

/// The reports of a share of a whole course: those whose rows tell what students did, and when.
const OF_A_COURSE: [&str; 6] = ["videoview", "presentation", "confused", "polling", "qanda", "notes"];

/// What is at hand to answer somebody who is known.
pub(crate) struct Sharing<'a> {
    pub(crate) env: &'a Env,
    pub(crate) settings: &'a Settings,
    pub(crate) desk: &'a Stub,
    pub(crate) register: &'a Stub,
    pub(crate) visitor: &'a Visitor,
}

type Answer = Result<worker::Result<Response>, Problem>;

impl Sharing<'_> {
    /// `/api/shares` and what is below it.
    pub(crate) async fn answer(&self, route: &[&str], request: &mut Request) -> Answer {
        match route {
            [] => {
                route::allow(request, &[Method::Get, Method::Post, Method::Put])?;
                self.visitor.may(Action::ListShares)?;
                match request.method() {
                    Method::Post => Ok(answer::json(&self.make(route::body(request).await?).await?)),
                    Method::Put => {
                        self.visitor.may(Action::SwitchShares)?;
                        self.switch(route::body(request).await?).await
                    }
                    _ => self.pass_on(ToShares::List { person: self.person(), all: self.sees_all() }).await,
                }
            }
            [id] => {
                route::allow(request, &[Method::Post, Method::Delete])?;
                self.visitor.may(Action::ListShares)?;
                let id = read_share_id(id)?;
                if request.method() == Method::Delete {
                    let note = self.note(AuditAction::ShareRevoked, id.clone());
                    let errand = ToShares::Revoke { id, person: self.person(), all: self.sees_all(), note };
                    self.ask::<bool>(errand).await?;
                    return Ok(answer::empty());
                }
                Ok(answer::json(&self.change(id, route::body(request).await?).await?))
            }
            _ => Err(route::unknown_route()),
        }
    }

    fn person(&self) -> String {
        self.visitor.person.clone()
    }

    fn sees_all(&self) -> bool {
        sees_all(self.visitor.standing.as_ref().map(|standing| standing.role))
    }

    fn note(&self, what: AuditAction, view: String) -> Note {
        record::of(self.visitor, what, view)
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, errand: ToShares) -> Result<T, Problem> {
        errand::ask(self.register, &ToRegister::Shares(errand)).await
    }

    async fn pass_on(&self, errand: ToShares) -> Answer {
        route::pass_on(self.register, &ToRegister::Shares(errand)).await
    }

    async fn switch(&self, SwitchSharesRequest { on }: SwitchSharesRequest) -> Answer {
        let note = self.note(AuditAction::SharesSwitched, if on { "on" } else { "off" }.to_owned());
        self.pass_on(ToShares::Switch { on, person: self.person(), note }).await
    }

    /// Makes a share, or says what it would show. Whatever is wrong is found before anything is made.
    async fn make(&self, wanted: CreateShareRequest) -> Result<CreateShareResponse, Problem> {
        let course_id = parse_uuid(&wanted.course).ok_or_else(unknown_course)?;
        let section_id = match wanted.section.as_deref() {
            Some(section) => Some(parse_uuid(section).ok_or_else(unknown_course)?),
            None => None,
        };
        self.visitor.may(Action::CreateShare { course: &course_id, section: section_id.as_deref() })?;
        if !SUBJECTS.contains(&wanted.report.as_str()) {
            return Err(bad(
                "This report cannot be shared: it has no measures that could say nothing of anybody.",
            ));
        }
        let days = wanted.days.unwrap_or(DEFAULT_DAYS);
        let now = clock::now();
        let expires = now.plus(lifetime(days).ok_or_else(bad_days)?);
        let origins = read_origins(&wanted.origins)?;
        let name = wanted.name.as_deref().map(read_name).transpose()?;
        let days = read_days(&wanted, now)?;
        let (is_on, zone): (bool, String) = self.ask(ToShares::Terms).await?;
        if !is_on {
            return Err(Problem::new(
                Code::SharesOff,
                "An administrator has switched shares off for the whole institution.",
            ));
        }
        let known: Courses = errand::ask(self.desk, &ToDesk::Courses(AccessScope::Everything)).await?;
        let is_it = |course: &&Course| course.id.eq_ignore_ascii_case(&course_id);
        let course = known.courses.iter().find(is_it).ok_or_else(unknown_course)?;
        let section = match &section_id {
            Some(id) => {
                let found = course.sections.iter().find(|section| section.id.eq_ignore_ascii_case(id));
                Some(found.ok_or_else(unknown_course)?)
            }
            None => None,
        };
        let mondays = days.map(whole_weeks).unwrap_or_default();
        let freezer = Freezer {
            env: self.env,
            settings: self.settings,
            desk: self.desk,
            register: self.register,
            course,
            terms: &known.terms,
            zone: &zone,
            is_kept: !wanted.preview,
        };
        let mut panels = Vec::new();
        for report in reports_of(&wanted.report) {
            panels.push((report.clone(), freezer.freeze(&report, &mondays).await?));
        }
        if panels.iter().all(|(_, frozen)| frozen.weeks.is_empty()) {
            return Err(Problem::new(
                Code::NothingToShare,
                "No whole week of these days is here and final yet. Ask for the days, or wait until they are.",
            ));
        }
        let shown = |(report, frozen): &(ReportName, Frozen)| {
            let numbers = |week: &Week| {
                let section = section.map(|section| (section.id.as_str(), section.number.as_str()));
                told::numbers(report, week, section, self.settings.smallest)
            };
            let shown = frozen.weeks.iter().filter(|(_, week)| numbers(week).is_some()).count();
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            PanelOutline {
                report: report.clone(),
                shown: count(shown),
                withheld: count(frozen.weeks.len() - shown),
                missing: count(frozen.missing),
            }
        };
        let contents: Vec<PanelOutline> = panels.iter().map(shown).collect();
        if wanted.preview {
            return Ok(CreateShareResponse { share: None, token: None, contents });
        }
        let of = words::course(&course.code, &course.name, section.map(|section| section.number.as_str()));
        let usual_name = || if course.code.is_empty() { of.clone() } else { course.code.clone() };
        let stored = Stored {
            name: name.unwrap_or_else(|| usual_name().chars().take(MAX_NAME_LENGTH).collect()),
            owner: self.person(),
            way: self.visitor.way,
            report: wanted.report,
            course: course_id,
            section: section_id,
            number: section.map(|section| section.number.clone()),
            of,
            from: mondays.first().copied(),
            to: mondays.last().map(|monday| plus_days(*monday, 6)),
            made: now,
            origins,
            panels: panels
                .into_iter()
                .filter(|(_, frozen)| !frozen.weeks.is_empty())
                .map(|(report, frozen)| Kept {
                    report,
                    weeks: frozen.weeks.into_iter().map(|(week, _)| week).collect(),
                })
                .collect(),
        };
        let (id, token) = (seal::new_id()?, seal::new_token()?);
        let section =
            stored.section.as_ref().map_or_else(String::new, |section| format!(" section {section}"));
        let view = format!("{id} {} course {}{section}", stored.report, stored.course);
        let note = self.note(AuditAction::Shared, view);
        let errand = ToShares::Make { id, token: seal::digest(&token), stored, expires, note };
        let share: Option<Share> = self.ask(errand).await?;
        Ok(CreateShareResponse { share, token: Some(token), contents })
    }

    async fn change(&self, id: String, wanted: UpdateShareRequest) -> Result<CreateShareResponse, Problem> {
        let UpdateShareRequest { name, days, origins, rotate } = wanted;
        let name = name.as_deref().map(read_name).transpose()?;
        let expires = days.map(|days| lifetime(days).ok_or_else(bad_days)).transpose()?;
        let origins = origins.as_deref().map(read_origins).transpose()?;
        let token = if rotate { Some(seal::new_token()?) } else { None };
        let said = [
            (name.is_some(), "named"),
            (expires.is_some(), "renewed"),
            (origins.is_some(), "embedded"),
            (rotate, "rotated"),
        ];
        let said: Vec<&str> = said.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
        let note = self.note(AuditAction::ShareChanged, format!("{id} {}", said.join(" ")));
        let change = Change {
            name,
            expires: expires.map(|lifetime| clock::now().plus(lifetime)),
            origins,
            token: token.as_deref().map(seal::digest),
        };
        let errand = ToShares::Change { id, person: self.person(), all: self.sees_all(), change, note };
        let share: Option<Share> = self.ask(errand).await?;
        Ok(CreateShareResponse { share, token, contents: Vec::new() })
    }
}

/// `POST /api/shared`, for whoever has a link.
pub(crate) async fn open(request: &mut Request, env: &Env, settings: &Settings) -> Answer {
    route::allow(request, &[Method::Post])?;
    refuse_other_sites(request).map_err(|stranger| stranger.problem)?;
    let OpenShareRequest { token, id } = route::body(request).await?;
    let address = request.headers().get("cf-connecting-ip").ok().flatten().unwrap_or_default();
    let register =
        errand::register(env, &settings.scheduler_name()).map_err(|error| answer::internal(&error))?;
    // What could be no token is looked up all the same: it takes as long as one that is wrong.
    let token = if token.len() == TOKEN_LENGTH { token } else { String::new() };
    let bearer = Bearer { token: seal::digest(&token), id, address: route::network(&address) };
    let opened: Opened = errand::ask(&register, &ToRegister::Shares(ToShares::Open(bearer))).await?;
    Ok(answer::json(&told::shared(opened, settings.smallest)))
}

/// What is shared under a name.
fn reports_of(subject: &str) -> Vec<ReportName> {
    let names: Vec<&str> = if subject == COURSE { OF_A_COURSE.to_vec() } else { vec![subject] };
    names.into_iter().filter_map(ReportName::parse).collect()
}

/// The days of the view; none of a snapshot.
fn read_days(wanted: &CreateShareRequest, now: Timestamp) -> Result<Option<Range>, Problem> {
    match (wanted.report == "asset", &wanted.from, &wanted.to) {
        (true, None, None) => Ok(None),
        (false, Some(from), Some(to)) => {
            let range = Range::parse(from, to)?;
            range.check_plausible(now)?;
            if whole_weeks(range).len() > MAX_WEEKS {
                return Err(bad("A share shows 53 weeks at most. Choose fewer days."));
            }
            Ok(Some(range))
        }
        (true, _, _) => {
            Err(Problem::new(Code::BadRange, "The library has no days: leave `from` and `to` out."))
        }
        (false, _, _) => {
            Err(Problem::new(Code::BadRange, "Give both the first and the last day, `from` and `to`."))
        }
    }
}

/// The Mondays of the whole weeks of a range.
fn whole_weeks(range: Range) -> Vec<Day> {
    let first = monday(range.from());
    let first = if first == range.from() { first } else { plus_days(first, 7) };
    let last = minus_days(range.to(), 6);
    std::iter::successors(Some(first), |monday| Some(plus_days(*monday, 7)))
        .take_while(|monday| *monday <= last)
        .collect()
}

fn read_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_LENGTH || name.chars().any(char::is_control) {
        return Err(bad("A share's name is one line of 1 to 80 characters."));
    }
    Ok(name.to_owned())
}

/// Origins, each as a browser writes it. A wildcard or a path would let other pages in.
fn read_origins(origins: &[String]) -> Result<Vec<String>, Problem> {
    let wrong = || {
        bad(
            "An origin is https:// and a host, without a path, such as https://courses.example.edu; five at most.",
        )
    };
    if origins.len() > MAX_ORIGINS {
        return Err(wrong());
    }
    let mut read = Vec::new();
    for origin in origins {
        let url = worker::Url::parse(origin.trim()).map_err(|_| wrong())?;
        let host = url.host_str().unwrap_or_default();
        let is_host =
            !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_plain = url.username().is_empty() && url.password().is_none() && origin.len() <= 200;
        if url.scheme() != "https" || !is_host || !is_bare || !is_plain {
            return Err(wrong());
        }
        read.push(url.origin().ascii_serialization());
    }
    read.dedup();
    Ok(read)
}

fn read_share_id(text: &str) -> Result<String, Problem> {
    if is_share_id(text) {
        Ok(text.to_owned())
    } else {
        Err(Problem::new(Code::BadId, "A share's id is 32 hexadecimal digits."))
    }
}

fn is_share_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn bad(detail: &str) -> Problem {
    Problem::new(Code::BadShare, detail)
}

fn bad_days() -> Problem {
    Problem::new(Code::BadShare, format!("A share opens for 1 to {MAX_DAYS} days from now."))
}

/// A course or section that is not there, or not for this person.
pub(crate) fn unknown_course() -> Problem {
    bad("There is no such course or section here. Choose one from your list of courses.")
}
