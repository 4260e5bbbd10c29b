//! Shares: links for people who cannot sign in, and the pages that they open (`/api/shares` and `/s`).
//!
//! - [`publishing`]: counts weeks from the rows, once for all shares
//! - [`link`]: verifies links, and limits calls with them
//! - [`page`]: the HTML page
//! - [`content`]: draws the figures of a share, as a fragment of the page; [`content_cache`] keeps them
//! - [`text`]: the texts around the figures

mod content;
mod content_cache;
mod link;
mod page;
mod publishing;
mod text;

pub(crate) use link::restore_fragment;
pub(crate) use page::render as render_page;

use crate::auth::Visitor;
use crate::registry::can_manage_all_shares;
use crate::response::unknown_course;
use crate::rpc::{
    self, LinkedShare, OpenShareResponse, RegistryCommand, SchedulerCommand, ShareChange, SharesCommand,
    StoredPanel, StoredShare, StoredWeek,
};
use crate::{audit_log, clock, crypto};
use content_cache::CachedContent;
use domain::api::{AuditAction, Courses};
use domain::audit_log::AuditEntry;
use domain::directory::ListedSection;
use domain::ids::CourseId;
use domain::problem::{Code, Problem};
use domain::range::Range;
use domain::report::ReportName;
use domain::role::Grant;
use domain::scope::{AccessScope, Action};
use domain::settings::Settings;
use domain::shares::{
    CreateShareRequest, CreateShareResponse, DEFAULT_DAYS, MAX_DAYS, MAX_NAME_LENGTH, MAX_ORIGINS, MAX_WEEKS,
    OpenShareRequest, PanelOutline, ShareContent, ShareSubject, Shares, SwitchSharesRequest,
    UpdateShareRequest, lifetime,
};
use domain::time::{Day, Timestamp, minus_days, monday, plus_days};
use figures::share::{ShareFilter, ShareScope};
use publishing::{PublishedWeeks, WeekPublisher};
use std::rc::Rc;
use worker::{Env, Stub};

/// Handles a signed-in visitor's operations on shares.
pub(crate) struct SharesHandler<'a> {
    pub(crate) env: &'a Env,
    pub(crate) settings: &'a Settings,
    pub(crate) scheduler: Stub,
    pub(crate) registry: Stub,
    pub(crate) visitor: &'a Visitor,
}

impl SharesHandler<'_> {
    /// The shares that the visitor may manage.
    pub(crate) async fn list(&self) -> Result<Shares, Problem> {
        self.call(SharesCommand::List { person: self.person(), all: self.can_manage_all() }).await
    }

    /// Revokes a share.
    pub(crate) async fn revoke(&self, id: String) -> Result<(), Problem> {
        let audit_entry = self.audit_entry(AuditAction::ShareRevoked, id.clone());
        let command =
            SharesCommand::Revoke { id, person: self.person(), all: self.can_manage_all(), audit_entry };
        self.call::<bool>(command).await.map(drop)
    }

    fn person(&self) -> String {
        self.visitor.person.clone()
    }

    fn can_manage_all(&self) -> bool {
        can_manage_all_shares(
            self.visitor.role_assignment.as_ref().map(|role_assignment| role_assignment.role),
        )
    }

    fn audit_entry(&self, what: AuditAction, view: String) -> AuditEntry {
        audit_log::new_entry(self.visitor, what, view)
    }

    async fn call<T: serde::de::DeserializeOwned>(&self, command: SharesCommand) -> Result<T, Problem> {
        rpc::call(&self.registry, &RegistryCommand::Shares(command)).await
    }

    /// Counts the windows that a share reads, and records a preview: nothing else remains of it.
    async fn charge_reading(&self, windows: usize, preview: Option<String>) -> Result<(), Problem> {
        let command = RegistryCommand::ChargeReading {
            person: self.person(),
            windows: u32::try_from(windows).unwrap_or(u32::MAX),
            audit_entry: preview.map(|view| self.audit_entry(AuditAction::SharePreviewed, view)),
        };
        rpc::call::<_, bool>(&self.registry, &command).await.map(drop)
    }

    /// Switches shares off or on for the whole institution.
    pub(crate) async fn set_enabled(
        &self,
        SwitchSharesRequest { on }: SwitchSharesRequest,
    ) -> Result<Shares, Problem> {
        let audit_entry =
            self.audit_entry(AuditAction::SharesSwitched, if on { "on" } else { "off" }.to_owned());
        self.call(SharesCommand::SetEnabled { on, person: self.person(), audit_entry }).await
    }

    /// Creates a share, or previews it. All errors of the request are found before anything is stored.
    pub(crate) async fn create(&self, request: CreateShareRequest) -> Result<CreateShareResponse, Problem> {
        let (course_id, section_id) = (request.course.clone(), request.section.clone());
        if !(Grant { course: course_id.clone(), section: section_id.clone() }).is_well_formed() {
            return Err(unknown_course());
        }
        self.visitor.authorize(Action::CreateShare { course: &course_id, section: section_id.as_ref() })?;
        let subject = ShareSubject::parse(&request.report).ok_or_else(|| {
            bad_share("This report cannot be shared: it has no numbers that reveal nothing about a person.")
        })?;
        let days = request.days.unwrap_or(DEFAULT_DAYS);
        let now = clock::now();
        let expires = now.plus(lifetime(days).ok_or_else(bad_days)?);
        let origins = parse_origins(&request.origins)?;
        let name = request.name.as_deref().map(parse_name).transpose()?;
        let days = parse_days(subject, &request, now)?;
        let (is_on, zone): (bool, String) = self.call(SharesCommand::GetSettings).await?;
        if !is_on {
            return Err(Problem::new(
                Code::SharesOff,
                "An administrator has turned shares off for the whole institution.",
            ));
        }
        let mondays = days.map(whole_weeks).unwrap_or_default();
        self.charge_reading(subject.reports().len() * windows_to_read(mondays.len(), &zone), None).await?;
        let directory: Courses =
            rpc::call(&self.scheduler, &SchedulerCommand::ListCourses(AccessScope::Everything)).await?;
        let course =
            directory.courses.iter().find(|course| course.id == course_id).ok_or_else(unknown_course)?;
        let section = match &section_id {
            Some(id) => {
                let found = course.sections.iter().find(|section| section.id == *id);
                Some(found.ok_or_else(unknown_course)?)
            }
            None => None,
        };
        // Nobody knows what a sum over some sections leaves out without a list of all.
        let listed_sections = match section {
            Some(_) => None,
            None => Some(self.list_sections(&course_id).await?),
        };
        let publisher = WeekPublisher {
            env: self.env,
            settings: self.settings,
            scheduler: &self.scheduler,
            registry: &self.registry,
            course,
            zone: &zone,
            should_store: !request.preview,
        };
        // Who has watched decides what of the library is shown.
        let more = if subject.is_snapshot() { publisher.count_video_view_windows().await? } else { 0 };
        // Only now the course is known to exist: others are not recorded.
        let view = request.preview.then(|| format!("{subject} course {course_id}"));
        if more > 0 || view.is_some() {
            self.charge_reading(more, view).await?;
        }
        let mut panels = Vec::new();
        for report in subject.reports().into_iter().map(ReportName::from) {
            panels.push((report.clone(), publisher.publish(&report, &mondays).await?));
        }
        if panels.iter().all(|(_, published)| published.weeks.is_empty()) {
            return Err(nothing_to_share(subject, self.settings.smallest));
        }
        let scope = match section {
            Some(section) => ShareScope::Section(section.id.as_str(), section.number.as_str()),
            None => ShareScope::Course(listed_sections.as_deref()),
        };
        let filter = ShareFilter { scope, smallest: self.settings.smallest };
        let outline = |(report, published): &(ReportName, PublishedWeeks)| {
            let is_shown = |week: &StoredWeek| filter.visible_numbers(report, &week.shown).is_some();
            let shown = published.weeks.iter().filter(|(_, week)| is_shown(week)).count();
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            PanelOutline {
                report: report.clone(),
                shown: count(shown),
                withheld: count(published.weeks.len() - shown),
                missing: count(published.missing),
            }
        };
        let contents: Vec<PanelOutline> = panels.iter().map(outline).collect();
        if request.preview {
            return Ok(CreateShareResponse { share: None, token: None, contents });
        }
        let course_label =
            text::course_label(&course.code, &course.name, section.map(|section| section.number.as_str()));
        let default_name = || if course.code.is_empty() { course_label.clone() } else { course.code.clone() };
        let stored = StoredShare {
            name: name.unwrap_or_else(|| default_name().chars().take(MAX_NAME_LENGTH).collect()),
            owner: self.person(),
            auth_method: self.visitor.auth_method,
            report: subject,
            course: course_id,
            section: section_id,
            number: section.map(|section| section.number.clone()),
            sections: listed_sections,
            course_label,
            from: mondays.first().copied(),
            to: mondays.last().map(|monday| plus_days(*monday, 6)),
            made: now,
            origins,
            panels: panels
                .into_iter()
                .filter(|(_, published)| !published.weeks.is_empty())
                .map(|(report, published)| StoredPanel {
                    report,
                    weeks: published.weeks.into_iter().map(|(week, _)| week).collect(),
                })
                .collect(),
        };
        let id = crypto::new_id()?;
        let section =
            stored.section.as_ref().map_or_else(String::new, |section| format!(" section {section}"));
        let view = format!("{id} {} course {}{section}", stored.report, stored.course);
        let audit_entry = self.audit_entry(AuditAction::Shared, view);
        let command = SharesCommand::Create { id, stored, expires, audit_entry };
        let LinkedShare { share, token } = self.call(command).await?;
        Ok(CreateShareResponse { share, token, contents })
    }

    /// The sections that Echo360 lists for a course.
    async fn list_sections(&self, course: &CourseId) -> Result<Vec<ListedSection>, Problem> {
        let command = SchedulerCommand::ListSections(course.clone());
        let sections: Option<Vec<ListedSection>> = rpc::call(&self.scheduler, &command).await?;
        sections.ok_or_else(|| {
            Problem::new(
                Code::NothingToShare,
                "Echo360's list of this course's sections is not known yet, so their numbers cannot be added up. Share one \
                 section, or try again in a few minutes.",
            )
        })
    }

    /// Changes a share.
    pub(crate) async fn update(
        &self,
        id: String,
        request: UpdateShareRequest,
    ) -> Result<CreateShareResponse, Problem> {
        let UpdateShareRequest { name, days, origins, rotate } = request;
        let name = name.as_deref().map(parse_name).transpose()?;
        let expires = days.map(|days| lifetime(days).ok_or_else(bad_days)).transpose()?;
        let origins = origins.as_deref().map(parse_origins).transpose()?;
        let changes = [
            (name.is_some(), "named"),
            (expires.is_some(), "renewed"),
            (origins.is_some(), "embedded"),
            (rotate, "rotated"),
        ];
        let changes: Vec<&str> =
            changes.iter().filter(|(is_changed, _)| *is_changed).map(|(_, word)| *word).collect();
        let audit_entry = self.audit_entry(AuditAction::ShareChanged, format!("{id} {}", changes.join(" ")));
        let change = ShareChange {
            name,
            expires: expires.map(|lifetime| clock::now().plus(lifetime)),
            origins,
            rotate,
        };
        let command = SharesCommand::Update {
            id,
            person: self.person(),
            all: self.can_manage_all(),
            change,
            audit_entry,
        };
        let LinkedShare { share, token } = self.call(command).await?;
        Ok(CreateShareResponse { share, token, contents: Vec::new() })
    }
}

/// Opens a share with its token. `network` is the client's, for the limit on forged tokens.
pub(crate) async fn open(
    registry: &Stub,
    settings: &Settings,
    request: &OpenShareRequest,
    network: &str,
) -> Result<Rc<ShareContent>, Problem> {
    let link = link::verify(registry, settings, request, network).await?;
    let (share, cached) = (link.id.clone(), content_cache::get(&link.id, settings.smallest));
    let cached_version = cached.as_ref().map(|cached| cached.version.clone());
    let command = SharesCommand::OpenShare { link, cached: cached_version };
    let opened: OpenShareResponse = rpc::call(registry, &RegistryCommand::Shares(command)).await?;
    match (opened.content, cached) {
        (Some(content), _) => {
            let content = Rc::new(content::render_share(content, settings.smallest));
            let cached = CachedContent { version: opened.version, content: Rc::clone(&content) };
            content_cache::set(share, cached);
            Ok(content)
        }
        (None, Some(cached)) => Ok(cached.content),
        (None, None) => Err(Problem::new(Code::Internal, "Something went wrong inside Lectern.")),
    }
}

/// Counts an opening of a share: its page has been used.
pub(crate) async fn count_opening(
    registry: &Stub,
    settings: &Settings,
    request: &OpenShareRequest,
    network: &str,
) -> Result<(), Problem> {
    let link = link::verify(registry, settings, request, network).await?;
    rpc::call::<_, bool>(registry, &RegistryCommand::Shares(SharesCommand::CountOpening(link)))
        .await
        .map(drop)
}

/// The days to share; `None` for a snapshot.
fn parse_days(
    subject: ShareSubject,
    request: &CreateShareRequest,
    now: Timestamp,
) -> Result<Option<Range>, Problem> {
    match (subject.is_snapshot(), &request.from, &request.to) {
        (true, None, None) => Ok(None),
        (false, Some(from), Some(to)) => {
            let range = Range::parse(from, to)?;
            range.check_plausible(now)?;
            if whole_weeks(range).len() > MAX_WEEKS {
                return Err(bad_share("A share shows 53 weeks at most. Choose fewer days."));
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

/// The Mondays of the whole weeks in a range.
fn whole_weeks(range: Range) -> Vec<Day> {
    let first = monday(range.from());
    let first = if first == range.from() { first } else { plus_days(first, 7) };
    let last = minus_days(range.to(), 6);
    std::iter::successors(Some(first), |monday| Some(plus_days(*monday, 7)))
        .take_while(|monday| *monday <= last)
        .collect()
}

/// How many windows of each report the weeks of a share are read from; one without weeks is a snapshot. Windows are weeks in
/// UTC, so a week of another zone is in two.
fn windows_to_read(weeks: usize, zone: &str) -> usize {
    (if zone == "UTC" { weeks } else { 2 * weeks }).max(1)
}

fn parse_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_LENGTH || name.chars().any(char::is_control) {
        return Err(bad_share("A share's name is one line of 1 to 80 characters."));
    }
    Ok(name.to_owned())
}

/// Parses origins into their canonical form. A wildcard or a path is an error, since it would admit other
/// pages.
fn parse_origins(origins: &[String]) -> Result<Vec<String>, Problem> {
    let bad_origin = || {
        bad_share(
            "An origin is https:// and a host, without a path, such as https://courses.example.edu; five at most.",
        )
    };
    if origins.len() > MAX_ORIGINS {
        return Err(bad_origin());
    }
    let mut parsed = Vec::new();
    for origin in origins {
        let url = worker::Url::parse(origin.trim()).map_err(|_| bad_origin())?;
        let host = url.host_str().unwrap_or_default();
        let is_host =
            !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let is_plain = url.username().is_empty() && url.password().is_none() && origin.len() <= 200;
        if url.scheme() != "https" || !is_host || !is_bare || !is_plain {
            return Err(bad_origin());
        }
        parsed.push(url.origin().ascii_serialization());
    }
    parsed.dedup();
    Ok(parsed)
}

/// The problem of a share without a single week or snapshot.
fn nothing_to_share(subject: ShareSubject, smallest: u32) -> Problem {
    let detail = if subject.is_snapshot() {
        format!(
            "The library of this course cannot be shown: it is not loaded, or in no section are at least {smallest} students \
             known to have watched videos. Request the library and weeks of video views, or wait until they are final."
        )
    } else {
        "No whole week of these days, Monday to Sunday, is loaded and final yet. Request these days, or wait until they are final."
            .to_owned()
    };
    Problem::new(Code::NothingToShare, detail)
}

fn bad_share(detail: &str) -> Problem {
    Problem::new(Code::BadShare, detail)
}

fn bad_days() -> Problem {
    Problem::new(Code::BadShare, format!("A share is valid for 1 to {MAX_DAYS} days from now."))
}
