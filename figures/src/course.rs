//! The figures of a course: a sentence, the kinds of activity on one axis, and tables of videos, decks and
//! students. Or those of one student.

use crate::figure_context::{
    FigureContext, count_cell, data_point, new_figure, plain_row, ratio, spark_values, table_body, to_f64,
    with_row_action,
};
use crate::text::course as text;
use crate::text::reports::{
    NO_ACTIVITY, NOTHING_LOADED, identities_caveat, join, name_or_id, skipped_rows_caveat,
};
use crate::{Datasets, RowSource, SubjectBuilder, build_course_figures};
use charts::small_multiples::{AxisStep, Panel, SmallMultiples};
use charts::sortable_table::{Cell, ColumnKind, Row, RowAction};
use domain::activity::ActivityKind;
use domain::query::{Comparison, CourseOptions};
use domain::report::KnownReport;
use domain::time::{SECOND, Timestamp};
use engine::completeness::Completeness;
use engine::ordering::sort_by;
use engine::reports::course::media::Video;
use engine::reports::course::people::Student;
use engine::reports::course::person::{ItemUsage, Person};
use engine::reports::course::time_bins::TimeBins;
use engine::reports::course::{KindSeries, Measures, Sources, measure};
use engine::reports::median;
use engine::video_view_columns::SkippedRows;
use protocol::{Body, Figure};
use std::collections::BTreeMap;

/// What answers the queries about a course.
pub const BUILDER: SubjectBuilder = SubjectBuilder { figures: build_course_figures, rows: RowSource::None };

/// The figures of a course; those of one student if `wanted` names one. `other` is the label of the
/// comparison.
#[must_use]
pub fn figures(
    context: &FigureContext<'_>,
    datasets: &Datasets<'_>,
    wanted: &CourseOptions,
    other: &str,
) -> Vec<Figure> {
    let of = |report: KnownReport| {
        datasets.iter().find(|(name, _)| name.known() == Some(report)).map(|(_, dataset)| *dataset)
    };
    let here =
        ActivityKind::ALL.into_iter().filter_map(|kind| Some((kind, of(KnownReport::of_activity(kind))?)));
    let library = of(KnownReport::Asset).filter(|library| !library.is_empty());
    let mut sources = Sources { by_kind: BTreeMap::new(), library };
    sources.by_kind.extend(here);
    let measures = measure(&sources, context.query, wanted);
    let course = Course { context, measures: &measures, wanted, other, has_library: library.is_some() };
    match (&wanted.student, &measures.person) {
        (None, _) => course.course_figures(),
        (Some(_), Some(person)) => course.student_figures(person),
        (Some(_), None) => {
            vec![course.lead_figure(
                String::new(),
                text::NO_SUCH_STUDENT.to_owned(),
                course.coverage_caveat(),
            )]
        }
    }
}

/// What all figures of a course are made of.
struct Course<'a> {
    context: &'a FigureContext<'a>,
    measures: &'a Measures,
    wanted: &'a CourseOptions,
    other: &'a str,
    has_library: bool,
}

/// The value of a kind in one step, for its chart.
fn chart_point(kind: ActivityKind, known: &Completeness<u64>) -> Completeness<f64> {
    known.map(|amount| text::chart_value(kind, *amount))
}

fn list_amounts(student: &Student) -> Vec<(ActivityKind, u64)> {
    ActivityKind::ALL.into_iter().map(|kind| (kind, student.amount(kind))).collect()
}

impl Course<'_> {
    fn course_figures(&self) -> Vec<Figure> {
        vec![
            self.lead_figure(
                String::new(),
                self.lead_sentence(),
                join([self.ignored_filters_caveat(), self.compared_breaks_caveat()]),
            ),
            self.activity_figure(),
            self.video_table(),
            self.deck_table(),
            self.student_table(),
        ]
    }

    /// The sentence at the top. Its title is the student's name; empty for the whole course.
    fn lead_figure(&self, title: String, sentence: String, caveat: String) -> Figure {
        let title = if title.is_empty() { crate::text::reports::COURSE.to_owned() } else { title };
        new_figure(["lead", &title], String::new(), sentence, caveat, Body::Text)
    }

    fn ignored_filters_caveat(&self) -> String {
        let question = self.context.query;
        let base = &question.base;
        let is_filtered = !(base.roles.is_empty() && base.videos.is_empty() && question.decks.is_empty());
        if is_filtered { text::NOT_FILTERED.to_owned() } else { String::new() }
    }

    /// The days that are not compared with the days before because of a break.
    fn compared_breaks_caveat(&self) -> String {
        let left_out = self.measures.series.iter().map(|series| series.compared.in_breaks).max().unwrap_or(0);
        let count = |count| self.context.locale.format_count(count);
        crate::text::comparison::breaks_caveat(left_out, "day", &count)
    }

    /// How many students were active, how that compares, and what stands out.
    fn lead_sentence(&self) -> String {
        let (locale, measures) = (self.context.locale, self.measures);
        let (active, theirs) = measures.active;
        if measures.series.iter().all(|series| series.missing == series.days) {
            return NOTHING_LOADED.to_owned();
        }
        let Some(watching) = measures.series.iter().find(|series| series.kind == ActivityKind::Watch) else {
            return String::new();
        };
        let here = watching.days - watching.missing;
        let who = match (active, here) {
            (0, _) => NO_ACTIVITY.to_owned(),
            (_, 0) => format!("{}.", text::active_students(locale, active)),
            _ => text::viewers_sentence(locale, (measures.watched, active), measures.median_rows, here),
        };
        let compared = watching.compared;
        let (now, then) = (to_f64(compared.now), to_f64(compared.then));
        let against = match &self.wanted.comparison {
            _ if compared.days == 0 || active == 0 => String::new(),
            Comparison::Before => {
                let other = self.comparison_label();
                let days = watching.days.saturating_sub(compared.in_breaks);
                text::comparison_with_before(locale, (now, then), &other, (compared.days, days))
            }
            Comparison::Section(_) => {
                let each =
                    |rows: f64, students: u64| if students == 0 { 0.0 } else { rows / to_f64(students) };
                text::comparison_with_section(locale, (each(now, active), each(then, theirs)), self.other)
            }
        };
        let outlier = measures.outlier.as_ref().map(|found| text::outlier_sentence(locale, found));
        join([who, against, outlier.unwrap_or_default()])
    }

    /// The missing days of each kind, and rows that could not be read.
    fn coverage_caveat(&self) -> String {
        let locale = self.context.locale;
        let mut missing: BTreeMap<u64, Vec<ActivityKind>> = BTreeMap::new();
        for series in self.measures.series.iter().filter(|series| series.missing > 0) {
            missing.entry(series.missing).or_default().push(series.kind);
        }
        let days = self.measures.series.first().map_or(0, |series| series.days);
        let missing =
            missing.into_iter().map(|(count, kinds)| text::coverage_caveat(locale, &kinds, count, days));
        let missing: Vec<String> = missing.collect();
        let rows = self.measures.series.iter().map(|series| series.skipped_rows);
        let rows = rows.fold(SkippedRows::default(), SkippedRows::plus);
        join([missing.join(" "), skipped_rows_caveat(locale, rows.total())])
    }

    fn is_hatched(&self) -> bool {
        self.measures.series.iter().any(|series| series.provisional > 0)
    }

    fn activity_figure(&self) -> Figure {
        let locale = self.context.locale;
        let drawn = self.measures.series.iter().map(|series| self.compared_panel(series));
        let of = |part: fn(&KindSeries) -> u64| -> Vec<(ActivityKind, u64)> {
            self.measures.series.iter().map(|series| (series.kind, part(series))).collect()
        };
        let busiest = self.busiest_sentence();
        let is_compared = self.measures.series.iter().any(|series| series.others.iter().any(Option::is_some));
        let compared = if self.wanted.is_chosen {
            crate::text::comparison::overlay_caveat(&self.comparison_label(), is_compared)
        } else {
            String::new()
        };
        let caveat = join([
            if self.is_hatched() { text::HATCHED.to_owned() } else { String::new() },
            self.context.breaks_caveat(),
            self.coverage_caveat(),
            compared,
            text::excluded_caveat(locale, &of(|series| series.staff), &of(|series| series.unnamed)),
            text::KINDS_CAVEAT.to_owned(),
            text::MINUTE_CAVEAT.to_owned(),
        ]);
        self.panels_figure(text::ACTIVITY, busiest, drawn.collect(), caveat)
    }

    fn comparison_label(&self) -> String {
        match &self.wanted.comparison {
            Comparison::Before => {
                let base = &self.context.query.base;
                let skipped_weeks = base.calendar.breaks.skipped_weeks(base.range);
                text::days_before(self.context.locale, base.range.days(), skipped_weeks)
            }
            Comparison::Section(_) => self.other.to_owned(),
        }
    }

    /// The step with the most minutes; with the most of the next kind if nothing was watched.
    fn busiest_sentence(&self) -> String {
        let locale = self.context.locale;
        let found = self.measures.series.iter().find_map(|series| {
            let numbers = series.bins.iter().enumerate().rev();
            let numbers = numbers.filter_map(|(place, known)| Some((place, *known.value()?)));
            let (place, most) = numbers.max_by_key(|(_, number)| *number).filter(|(_, most)| *most > 0)?;
            let bin = self.measures.bins.all.get(place)?;
            let place = text::step_label(locale, bin.first, bin.last);
            Some(format!("Busiest: {place}, with {}.", text::amount_with_unit(locale, series.kind, most)))
        });
        let is_here = self.measures.series.iter().any(|series| series.missing < series.days);
        found.unwrap_or_else(|| (if is_here { NO_ACTIVITY } else { NOTHING_LOADED }).to_owned())
    }

    fn compared_panel(&self, series: &KindSeries) -> Panel {
        let others = self.wanted.is_chosen.then(|| {
            let other = |amount: &Option<u64>| amount.map(|amount| text::chart_value(series.kind, amount));
            series.others.iter().map(other).collect::<Vec<_>>()
        });
        let others = others.filter(|others| others.iter().any(Option::is_some)).unwrap_or_default();
        self.build_panel(series.kind, &series.bins, others)
    }

    fn build_panel(&self, kind: ActivityKind, bins: &[Completeness<u64>], others: Vec<Option<f64>>) -> Panel {
        let locale = self.context.locale;
        let known = || bins.iter().filter_map(Completeness::value).copied();
        let total = if known().next().is_none() {
            "–".to_owned()
        } else {
            locale.format_number(text::chart_value(kind, known().sum()))
        };
        Panel {
            name: text::kind_title(kind).to_owned(),
            levels: bins.iter().map(|known| data_point(&chart_point(kind, known))).collect(),
            others,
            total,
            most: text::scale_note(locale, kind, known().max().unwrap_or(0), self.measures.bins.are_weeks),
        }
    }

    /// Small charts on one axis, with a summary of each step over all charts.
    fn panels_figure(&self, title: &str, sentence: String, panels: Vec<Panel>, caveat: String) -> Figure {
        let locale = self.context.locale;
        let bins = &self.measures.bins;
        let breaks = self.context.breaks_among(bins.all.iter().map(|bin| (bin.first, bin.last)));
        let told = |place: usize| {
            let of = |panel: &Panel| {
                let value = panel.levels.get(place).and_then(|level| level.value());
                let state = match panel.levels.get(place) {
                    Some(charts::model::DataPoint::Provisional(_)) => " (not final)",
                    _ => "",
                };
                let value = value.map_or_else(
                    || protocol::text::NOT_LOADED.to_lowercase(),
                    |value| locale.format_number(value),
                );
                let other = panel.others.get(place).copied().flatten();
                let other = other
                    .map(|other| format!(", against {}", locale.format_number(other)))
                    .unwrap_or_default();
                format!("{} {value}{state}{other}", panel.name.to_lowercase())
            };
            let state = breaks.contains(&place).then(|| protocol::text::BREAK.to_lowercase());
            panels.iter().map(of).chain(state).collect::<Vec<_>>().join(" · ")
        };
        let places = bins.all.iter().enumerate().map(|(place, bin)| {
            let days = text::step_label(locale, bin.first, bin.last);
            // The number of a week is that of its Monday, with which a week that starts on Sunday does not begin.
            let week = self.context.week_of(bin.last).filter(|_| bins.are_weeks);
            AxisStep {
                name: week
                    .map_or_else(|| days.clone(), |week| crate::text::reports::week_label(&week.name, &days)),
                short: week.map_or_else(|| locale.format_short_day(bin.first), |week| week.short.clone()),
                is_landmark: bins.are_weeks || self.context.is_week_start(bin.first),
                summary: told(place),
            }
        });
        let body = SmallMultiples {
            id: "activity".to_owned(),
            title: title.to_owned(),
            sentence: sentence.clone(),
            steps: places.collect(),
            breaks: breaks.clone(),
            other: panels.iter().any(|panel| !panel.others.is_empty()).then(|| self.comparison_label()),
            panels,
            head: (if bins.are_weeks { crate::text::reports::WEEK } else { protocol::text::DAY }).to_owned(),
            state: protocol::text::STATE.to_owned(),
            complete: crate::text::FINAL.to_owned(),
            provisional: protocol::text::NOT_FINAL.to_owned(),
            missing: protocol::text::NOT_LOADED.to_owned(),
            on_break: protocol::text::BREAK.to_owned(),
        };
        let unit = crate::text::days_in(self.context.zone_label);
        new_figure(["activity", title], unit, sentence, caveat, Body::SmallMultiples(body))
    }

    /// Whether any day of a kind is loaded.
    fn is_loaded(&self, kind: ActivityKind) -> bool {
        self.measures.series.iter().any(|series| series.kind == kind && series.missing < series.days)
    }

    /// An amount as a cell; an empty cell, not zero, if no day of the kind is loaded.
    fn amount_cell(&self, kind: ActivityKind, amount: u64) -> Cell {
        if self.is_loaded(kind) { Cell::Number(text::chart_value(kind, amount)) } else { Cell::None }
    }

    /// The missing days of these kinds, for tables that lack them.
    fn missing_days_caveat(&self, kinds: &[ActivityKind]) -> String {
        let of =
            self.measures.series.iter().filter(|series| kinds.contains(&series.kind) && series.missing > 0);
        let locale = self.context.locale;
        let said =
            of.map(|series| text::coverage_caveat(locale, &[series.kind], series.missing, series.days));
        said.collect::<Vec<_>>().join(" ")
    }

    fn describe_empty(&self, kinds: &[ActivityKind]) -> String {
        let of = |series: &&KindSeries| kinds.contains(&series.kind);
        let is_here = self.measures.series.iter().filter(of).any(|series| series.missing < series.days);
        (if is_here { NO_ACTIVITY } else { NOTHING_LOADED }).to_owned()
    }

    fn video_table(&self) -> Figure {
        let locale = self.context.locale;
        let videos = &self.measures.videos;
        let name = |name: &str, id: &str| name_or_id(name, text::VIDEO, id);
        let today = self.context.query.base.today;
        let rows = videos.iter().map(|video| Row {
            id: Some(video.id.clone()),
            cells: vec![
                Cell::text(name(&video.name, &video.id)),
                Cell::Number(text::chart_value(ActivityKind::Watch, video.rows)),
                count_cell(video.viewers),
                Cell::number(video.share_of_length()),
                video.captured.map_or(Cell::None, |day| {
                    Cell::number(u64::try_from((today - day).num_days()).ok().map(to_f64))
                }),
            ],
            spark: spark_values(&video.steps),
            is_left_out: false,
            is_flagged: false,
        });
        let columns = [
            (text::VIDEO, ColumnKind::Text),
            (text::MINUTES, ColumnKind::Number),
            (text::VIEWERS, ColumnKind::Number),
            (text::OF_LENGTH, ColumnKind::Share),
            (text::SINCE_CAPTURE, ColumnKind::Number),
        ];
        let sentence = videos.first().map(|first| {
            let minutes = text::amount_with_unit(locale, ActivityKind::Watch, first.rows);
            text::videos_sentence(locale, videos.len() as u64, Some((&name(&first.name, &first.id), minutes)))
        });
        let caveat = join([
            self.missing_days_caveat(&[ActivityKind::Watch]),
            text::VIDEOS_CAVEAT.to_owned(),
            crate::text::reports::short_videos_caveat(videos.iter().any(Video::is_short)),
            (if self.has_library { text::CAPTURE_CAVEAT } else { text::NO_LIBRARY_CAVEAT }).to_owned(),
            crate::text::reports::SPARK_CAVEAT.to_owned(),
        ]);
        let body = with_row_action(
            table_body(&columns, Some(crate::text::reports::OVER_TIME), rows.collect(), videos.len() as u64),
            RowAction::Video,
            None,
        );
        let sentence = sentence.unwrap_or_else(|| self.describe_empty(&[ActivityKind::Watch]));
        new_figure(["videos", text::VIDEOS], String::new(), sentence, caveat, body)
    }

    fn deck_table(&self) -> Figure {
        const KINDS: [ActivityKind; 4] =
            [ActivityKind::Slides, ActivityKind::Marks, ActivityKind::Polls, ActivityKind::Notes];
        let locale = self.context.locale;
        let decks = &self.measures.decks;
        let rows = decks.iter().map(|deck| Row {
            id: Some(deck.id.clone()),
            cells: vec![
                Cell::text(name_or_id(&deck.name, text::DECK, &deck.id)),
                self.amount_cell(ActivityKind::Slides, deck.views),
                self.amount_cell(ActivityKind::Slides, deck.viewers),
                self.amount_cell(ActivityKind::Marks, deck.marks),
                Cell::number(ratio(deck.right.0, deck.right.1)),
                self.amount_cell(ActivityKind::Notes, deck.notes),
            ],
            spark: spark_values(&deck.steps),
            is_left_out: false,
            is_flagged: false,
        });
        let columns = [
            (text::DECK, ColumnKind::Text),
            (text::VIEWS, ColumnKind::Number),
            (text::VIEWERS, ColumnKind::Number),
            (text::CONFUSED, ColumnKind::Number),
            (text::RIGHT, ColumnKind::Share),
            (text::NOTES, ColumnKind::Number),
        ];
        let most = decks.iter().rev().max_by_key(|deck| deck.marks).filter(|deck| deck.marks > 0);
        let most = most.map(|deck| (name_or_id(&deck.name, text::DECK, &deck.id), deck.marks));
        let sentence = if decks.is_empty() {
            self.describe_empty(&KINDS)
        } else {
            let most = most.as_ref().map(|(name, marks)| (name.as_str(), *marks));
            text::decks_sentence(locale, decks.len() as u64, most)
        };
        let caveat = join([
            self.missing_days_caveat(&KINDS),
            text::DECKS_CAVEAT.to_owned(),
            crate::text::reports::SPARK_CAVEAT.to_owned(),
        ]);
        let rows: Vec<Row> = rows.collect();
        let body = with_row_action(
            table_body(&columns, Some(crate::text::reports::OVER_TIME), rows, decks.len() as u64),
            RowAction::Deck,
            None,
        );
        new_figure(["decks", text::DECKS], String::new(), sentence, caveat, body)
    }

    /// The day of a time, without its year. The column sorts by the time.
    fn last_seen_cell(&self, at: Option<u32>) -> Cell {
        at.map_or(Cell::None, |at| {
            let day = self.context.query.base.zone.day_of(Timestamp(i64::from(at) * SECOND));
            Cell::Time(self.context.locale.format_short_day(day), i64::from(at))
        })
    }

    /// The name of a student, or their number while names are hidden.
    fn student_label(&self, student: &Student) -> String {
        if self.wanted.is_nameless {
            text::anonymous_name(student.number)
        } else {
            name_or_id(&student.name, text::STUDENT, &student.id)
        }
    }

    fn student_table(&self) -> Figure {
        let locale = self.context.locale;
        let mut students: Vec<&Student> = self.measures.students.iter().collect();
        if self.wanted.is_nameless {
            // In the order of their names, the numbers would give the names away.
            sort_by(&mut students, |a, b| a.number.cmp(&b.number));
        }
        let cells = |student: &Student| {
            let amounts =
                list_amounts(student).into_iter().map(|(kind, amount)| self.amount_cell(kind, amount));
            let name = [Cell::text(self.student_label(student))].into_iter();
            let score = Cell::number(student.score.map(f64::round));
            name.chain(amounts).chain([score, self.last_seen_cell(student.last)]).collect()
        };
        let rows = students.iter().map(|student| Row {
            id: Some(student.id.clone()),
            cells: cells(student),
            spark: spark_values(&student.weeks),
            is_left_out: false,
            is_flagged: student.is_quiet,
        });
        let columns = [
            (text::STUDENT, ColumnKind::Text),
            (text::MINUTES, ColumnKind::Number),
            (text::SLIDE_VIEWS, ColumnKind::Number),
            (text::POLLS, ColumnKind::Number),
            (text::ANSWERS, ColumnKind::Number),
            (text::MARKS, ColumnKind::Number),
            (text::NOTES, ColumnKind::Number),
            (text::SCORE, ColumnKind::Number),
            (text::LAST_SEEN, ColumnKind::Date),
        ];
        let is_known = self.measures.is_quiet_known;
        let quiet = students.iter().filter(|student| student.is_quiet).count() as u64;
        let sentence = if students.is_empty() {
            self.describe_empty(&ActivityKind::ALL)
        } else {
            text::students_sentence(locale, self.measures.active.0, is_known.then_some(quiet))
        };
        let caveat = join([
            self.coverage_caveat(),
            text::STUDENTS_CAVEAT.to_owned(),
            identities_caveat(locale, self.measures.identities),
            (if is_known { text::QUIET_CAVEAT } else { text::QUIET_UNKNOWN_CAVEAT }).to_owned(),
            text::SPARK_CAVEAT.to_owned(),
        ]);
        let flag = is_known.then(|| text::QUIET.to_owned());
        let body = with_row_action(
            table_body(&columns, Some(text::ACTIVE_DAYS), rows.collect(), students.len() as u64),
            RowAction::Student,
            flag,
        );
        new_figure(["students", text::STUDENTS], String::new(), sentence, caveat, body)
    }

    /// The figures of one student.
    fn student_figures(&self, person: &Person) -> Vec<Figure> {
        let locale = self.context.locale;
        let student = &person.student;
        let days = self.measures.series.first().map_or(0, |series| series.days);
        let last = student.last.map(|at| self.context.moment(at));
        let sentence =
            text::student_sentence(locale, (person.days, days), &list_amounts(student), last.as_deref());
        let panels =
            person.series.iter().map(|(kind, bins)| self.build_panel(*kind, bins, Vec::new())).collect();
        let hatched = if self.is_hatched() { text::HATCHED } else { "" };
        let caveat = join([hatched.to_owned(), self.context.breaks_caveat(), text::MINUTE_CAVEAT.to_owned()]);
        vec![
            self.lead_figure(
                self.student_label(student),
                sentence,
                join([self.coverage_caveat(), text::PERSON_CAVEAT.to_owned()]),
            ),
            self.panels_figure(text::STUDENT_ACTIVITY, self.busiest_week_sentence(person), panels, caveat),
            self.totals_table(person),
            self.usage_table(["watched", text::VIDEOS_WATCHED], &person.videos, &[ActivityKind::Watch]),
            self.usage_table(
                ["decks-used", text::DECKS_USED],
                &person.decks,
                &[ActivityKind::Slides, ActivityKind::Marks, ActivityKind::Notes],
            ),
            self.poll_table(person),
        ]
    }

    fn busiest_week_sentence(&self, person: &Person) -> String {
        if !person.student.is_active() {
            return NO_ACTIVITY.to_owned();
        }
        let week_start = self.context.query.base.calendar.week_start;
        let weeks = TimeBins::by_week(self.context.query.base.range, week_start).all;
        let busiest = weeks.iter().zip(&person.student.weeks).rev().max_by_key(|(_, days)| **days);
        busiest.map_or_else(String::new, |(bin, days)| {
            let days = self.context.locale.count_of(days.unwrap_or(0), "active day", "active days");
            format!(
                "The week of {} has the most: {days}.",
                self.context.locale.format_short_day(week_start.first_day(bin.first))
            )
        })
    }

    fn totals_table(&self, person: &Person) -> Figure {
        let active = || self.measures.students.iter().filter(|student| student.is_active());
        let rows = ActivityKind::ALL.into_iter().map(|kind| {
            let middle = median(active().map(|student| student.amount(kind)).collect());
            let head =
                if kind == ActivityKind::Polls { text::POLLS_ANSWERED } else { text::kind_title(kind) };
            let cells = vec![
                Cell::text(head),
                self.amount_cell(kind, person.student.amount(kind)),
                self.amount_cell(kind, middle),
            ];
            plain_row(cells, &[])
        });
        let columns = [
            (text::KIND, ColumnKind::Text),
            (text::AMOUNT, ColumnKind::Number),
            (text::COURSE_MEDIAN, ColumnKind::Number),
        ];
        let words = self.context.locale.count_of(person.words, "word", "words");
        let sentence = match person.student.amount(ActivityKind::Notes) {
            0 => "Totals by kind of activity.".to_owned(),
            _ => format!(
                "Totals by kind of activity. The note events contain {words}; each of them counts a note's words again."
            ),
        };
        let rows: Vec<Row> = rows.collect();
        let body = table_body(&columns, None, rows, ActivityKind::ALL.len() as u64);
        new_figure(["totals", text::TOTALS], String::new(), sentence, text::MEDIAN_CAVEAT.to_owned(), body)
    }

    fn usage_table(&self, [id, title]: [&str; 2], things: &[ItemUsage], kinds: &[ActivityKind]) -> Figure {
        let is_video = kinds.contains(&ActivityKind::Watch);
        let head = if is_video { text::VIDEO } else { text::DECK };
        let rows = things.iter().map(|used| {
            let amount = |kind: &ActivityKind| {
                self.amount_cell(*kind, used.amounts.get(kind.index()).copied().unwrap_or(0))
            };
            let cells = [Cell::text(name_or_id(&used.name, head, &used.id))]
                .into_iter()
                .chain(kinds.iter().map(amount));
            let cells = cells.chain([self.context.moment_cell(Some(used.last))]).collect();
            Row { id: Some(used.id.clone()), ..plain_row(cells, &[]) }
        });
        let columns: Vec<(&str, ColumnKind)> = [(head, ColumnKind::Text)]
            .into_iter()
            .chain(kinds.iter().map(|kind| (text::kind_title(*kind), ColumnKind::Number)))
            .chain([(text::LAST_USED, ColumnKind::Date)])
            .collect();
        let locale = self.context.locale;
        let sentence = match (things.len() as u64, is_video) {
            (0, _) => self.describe_empty(kinds),
            (n, true) => locale.count_of(n, "video", "videos") + ".",
            (n, false) => locale.count_of(n, "deck", "decks") + ".",
        };
        let opens = if is_video { RowAction::Video } else { RowAction::Deck };
        let body =
            with_row_action(table_body(&columns, None, rows.collect(), things.len() as u64), opens, None);
        new_figure([id, title], String::new(), sentence, self.missing_days_caveat(kinds), body)
    }

    fn poll_table(&self, person: &Person) -> Figure {
        let contents = self.context.query.contents;
        let rows = person.polls.iter().map(|poll| {
            let right = poll
                .is_right
                .map_or("", |is_right| if is_right { text::ANSWER_RIGHT } else { text::ANSWER_NOT_RIGHT });
            let answer = contents.then(|| Cell::text(poll.answer.clone().unwrap_or_default()));
            let cells =
                [Cell::text(name_or_id(&poll.prompt, text::POLL, &poll.id)), Cell::text(poll.deck.clone())]
                    .into_iter()
                    .chain(answer)
                    .chain([Cell::text(right), self.context.moment_cell(Some(poll.at))]);
            plain_row(cells.collect(), &[])
        });
        let answer = contents.then_some((text::ANSWER, ColumnKind::Text));
        let columns: Vec<(&str, ColumnKind)> =
            [(text::POLL, ColumnKind::Text), (text::DECK, ColumnKind::Text)]
                .into_iter()
                .chain(answer)
                .chain([(text::IS_RIGHT, ColumnKind::Text), (text::WHEN, ColumnKind::Date)])
                .collect();
        let locale = self.context.locale;
        let compared = person.polls.iter().filter(|poll| poll.is_right.is_some()).count() as u64;
        let right = person.polls.iter().filter(|poll| poll.is_right == Some(true)).count() as u64;
        let sentence = match person.polls.len() as u64 {
            0 => self.describe_empty(&[ActivityKind::Polls]),
            n if compared == 0 => format!("{} answered.", locale.count_of(n, "poll", "polls")),
            n => format!(
                "{} answered; of the {} that can be compared with a solution, {} {} right.",
                locale.count_of(n, "poll", "polls"),
                locale.format_count(compared),
                locale.format_count(right),
                if right == 1 { "is" } else { "are" }
            ),
        };
        let hidden = if contents { "" } else { text::ANSWERS_HIDDEN };
        let caveat = join([
            self.missing_days_caveat(&[ActivityKind::Polls]),
            text::RIGHT_CAVEAT.to_owned(),
            hidden.to_owned(),
        ]);
        let body = table_body(&columns, None, rows.collect(), person.polls.len() as u64);
        new_figure(["polls", text::POLLS_ANSWERED], String::new(), sentence, caveat, body)
    }
}

#[cfg(test)]
mod tests;
