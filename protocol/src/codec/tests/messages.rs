//! Arbitrary messages.

use crate::{
    Body, ColumnContent, CountedRows, FetchError, Figure, FilterKind, LongTable, LongTableColumn,
    LongTableRow, Progress, Query, ReportSource, Request, Response, RowList, RowRange, SectionTerm, Subject,
    TermWeek, WindowSource,
};
use charts::heatmap::{Heatmap, HeatmapRow};
use charts::model::{Bar, Chart, ChartText, DataPoint, Series};
use charts::poll_answers::{PollAnswers, PollOption};
use charts::ranking::{Item, Ranking};
use charts::small_multiples::{AxisStep, Panel, SmallMultiples};
use charts::sortable_table::{Cell, Column, ColumnKind, Row, RowAction, SortableTable};
use charts::threads::{Post, Thread, Threads};
use domain::activity::{ActivityKind, MAX_WEIGHT, Weights};
use domain::calendar::{Breaks, Calendar, WeekStart};
use domain::ids::CourseId;
use domain::institution_role::InstitutionRole;
use domain::query::{Comparison, CourseOptions, MeasureQuery, RowQuery, WindowCoverage};
use domain::range::{LONGEST_DAYS, Range};
use domain::report::ReportName;
use domain::time::{DAY, Day, Timestamp, plus_days};
use domain::zone::Zone;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// Defines a strategy for a struct by those of its fields.
macro_rules! arbitrary {
    ($visible:vis $name:ident: $type:ident { $($field:ident in $strategy:expr),* $(,)? }) => {
        $visible fn $name() -> impl Strategy<Value = $type> {
            ($($strategy,)*).prop_map(|($($field,)*)| $type { $($field),* })
        }
    };
}

/// Whether what the types of `domain` promise holds for a request.
pub(super) fn is_valid(request: &Request) -> bool {
    let Request::Query(query) = request else { return true };
    let RowQuery { range, course, .. } = &query.measure.base;
    let is_name = |name: &ReportName| ReportName::parse(name.as_str()).as_ref() == Some(name);
    Range::new(range.from(), range.to()) == Ok(*range)
        && course.iter().all(|id| CourseId::from(id.as_str()) == *id)
        && query.sources.iter().all(|source| is_name(&source.report))
        && match &query.subject {
            Subject::Report { name, .. } => is_name(name),
            Subject::Course { options, .. } => {
                ActivityKind::ALL.iter().all(|kind| options.weights.get(*kind) <= MAX_WEIGHT)
            }
        }
}

/// A text, mostly short, in any script.
fn text() -> impl Strategy<Value = String> {
    "\\PC{0,6}|[a-z]{130}"
}

fn flag() -> impl Strategy<Value = bool> {
    any::<bool>()
}

/// A number other than NaN, which equals nothing.
fn number() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("NaN", |number| !number.is_nan())
}

/// At most two of these.
fn list<T: Debug>(items: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    vec(items, 0..3)
}

fn numbers() -> impl Strategy<Value = Vec<Option<f64>>> {
    list(option::of(number()))
}

/// A day that can be written as `YYYY-MM-DD`, as can those of the five years after it.
fn day() -> impl Strategy<Value = Day> {
    (0..3_650_000u64).prop_map(|days| plus_days(Day::from_ymd_opt(0, 1, 1).unwrap(), days))
}

fn id<T: for<'a> From<&'a str> + Debug>() -> impl Strategy<Value = T> {
    "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\\PC{0,9}".prop_map(|id| T::from(&id))
}

fn report() -> impl Strategy<Value = ReportName> {
    "[A-Za-z0-9_-]{1,40}".prop_map(|name| ReportName::parse(&name).unwrap())
}

prop_compose! {
    fn range()(from in day(), days in 0..LONGEST_DAYS.unsigned_abs()) -> Range {
        Range::new(from, plus_days(from, days)).unwrap()
    }
}

prop_compose! {
    fn zone()(name in text(), winter in any::<i32>(), summer in any::<i32>(), from in any::<i32>()) -> Zone {
        let from = Timestamp(from.into());
        let offset = |at| Some(if at < from.plus(DAY) { winter } else { summer });
        Zone::trace(&name, from, from.plus(2 * DAY), offset).unwrap()
    }
}

fn comparison() -> impl Strategy<Value = Comparison> {
    prop_oneof![Just(Comparison::Before), id().prop_map(Comparison::Section)]
}

fn calendar() -> impl Strategy<Value = Calendar> {
    let week_start = select(vec![WeekStart::Monday, WeekStart::Sunday]);
    (week_start, list(range()))
        .prop_map(|(week_start, breaks)| Calendar { week_start, breaks: Breaks::new(breaks) })
}

arbitrary!(row_query: RowQuery {
    range in range(), zone in zone(), course in option::of(id()), sections in list(id()),
    roles in list(select(InstitutionRole::ALL.to_vec())), videos in list(id()), student in option::of(id()),
    comparison in option::of(comparison()), calendar in calendar(), today in day(),
});

arbitrary!(measure_query: MeasureQuery { base in row_query(), decks in list(id()), contents in flag() });

prop_compose! {
    fn weights()(weights in vec(0..=MAX_WEIGHT, ActivityKind::ALL.len())) -> Weights {
        ActivityKind::ALL.into_iter().zip(weights).fold(Weights::default(), |all, (kind, one)| all.with(kind, one))
    }
}

arbitrary!(pub(super) course_options: CourseOptions {
    student in option::of(id()), comparison in comparison(), is_chosen in flag(), weights in weights(),
    is_nameless in flag(),
});

fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![
        (report(), flag(), text()).prop_map(|(name, are_names_hidden, comparison_label)| Subject::Report {
            name,
            are_names_hidden,
            comparison_label
        }),
        (course_options(), text())
            .prop_map(|(options, comparison_label)| Subject::Course { options, comparison_label }),
    ]
}

arbitrary!(coverage: WindowCoverage {
    start in option::of(day()), end in option::of(day()), provisional_from in option::of(day()),
});

arbitrary!(window: WindowSource {
    id in text(), generation in any::<u32>(), coverage in coverage(), created in any::<i64>().prop_map(Timestamp),
});

arbitrary!(source: ReportSource {
    report in report(), course in option::of(id()), windows in list(window()),
});

arbitrary!(week: TermWeek { monday in day(), short in text(), name in text() });

arbitrary!(section_term: SectionTerm { section in id(), term in text() });

arbitrary!(pub(super) query: Query {
    sequence in any::<u32>(), subject in subject(), measure in measure_query(), zone_label in text(),
    weeks in list(week()), section_terms in list(section_term()), max_rows in any::<u64>(), language in text(), sources in list(source()),
});

fn row_list() -> impl Strategy<Value = RowList> {
    select(vec![RowList::Rows, RowList::Students])
}

arbitrary!(row_range: RowRange {
    sequence in any::<u32>(), list in row_list(), search in text(), start in any::<usize>(), count in any::<usize>(),
});

pub(super) fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        3 => query().prop_map(|query| Request::Query(Box::new(query))),
        1 => row_range().prop_map(Request::Rows),
    ]
}

fn level() -> impl Strategy<Value = DataPoint> {
    prop_oneof![
        Just(DataPoint::Missing),
        Just(DataPoint::Withheld),
        number().prop_map(DataPoint::Provisional),
        number().prop_map(DataPoint::Complete),
    ]
}

fn indices() -> impl Strategy<Value = BTreeSet<usize>> {
    list(any::<usize>()).prop_map(BTreeSet::from_iter)
}

arbitrary!(bar: Bar { name in text(), short in text(), is_landmark in flag(), level in level() });

arbitrary!(series: Series { name in text(), values in numbers() });

arbitrary!(chart_text: ChartText {
    bars in text(), state in text(), complete in text(), provisional in text(), missing in text(),
    withheld in text(), on_break in text(),
});

arbitrary!(chart: Chart {
    id in text(), title in text(), unit in text(), sentence in text(), bars in list(bar()),
    breaks in indices(), beside in list(series()), is_stacked in flag(), other in option::of(series()), words in chart_text(),
});

arbitrary!(item: Item { name in text(), value in number(), beside in numbers(), is_left_out in flag() });

arbitrary!(ranking: Ranking {
    id in text(), title in text(), unit in text(), sentence in text(), head in text(), beside in list(text()),
    beside_units in list(text()), items in list(item()),
});

arbitrary!(heatmap_row: HeatmapRow { name in text(), short in text(), cells in numbers(), state in text() });

arbitrary!(heatmap: Heatmap {
    id in text(), title in text(), unit in text(), sentence in text(), head in text(), state in text(),
    columns in list(text()), rows in list(heatmap_row()),
});

fn column() -> impl Strategy<Value = Column> {
    let kinds = vec![ColumnKind::Text, ColumnKind::Number, ColumnKind::Share, ColumnKind::Date];
    (text(), select(kinds)).prop_map(|(head, kind)| Column { head, kind })
}

fn cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::None),
        text().prop_map(Cell::Text),
        number().prop_map(Cell::Number),
        (text(), any::<i64>()).prop_map(|(text, at)| Cell::Date(text, at)),
        (text(), any::<i64>()).prop_map(|(text, at)| Cell::Time(text, at)),
    ]
}

arbitrary!(row: Row {
    id in option::of(text()), cells in list(cell()), spark in numbers(), is_left_out in flag(),
    is_flagged in flag(),
});

fn row_action() -> impl Strategy<Value = RowAction> {
    select(vec![RowAction::Filter, RowAction::Video, RowAction::Deck, RowAction::Student])
}

arbitrary!(sortable_table: SortableTable {
    columns in list(column()), spark in option::of(text()), rows in list(row()), total in any::<u64>(),
    row_action in row_action(), flag in option::of(text()),
});

arbitrary!(poll_option: PollOption {
    text in text(), count in number(), others in number(), is_solution in flag(),
});

arbitrary!(poll_answers: PollAnswers {
    head in text(), counts in text(), others in text(), solution in text(), has_solution in flag(),
    choices in list(poll_option()),
});

arbitrary!(post: Post {
    who in text(), role in text(), is_staff in flag(), when in text(), text in option::of(text()),
    note in text(),
});

arbitrary!(thread: Thread { id in text(), question in post(), answers in list(post()) });

arbitrary!(threads: Threads { threads in list(thread()), total in any::<u64>() });

arbitrary!(step: AxisStep { name in text(), short in text(), is_landmark in flag(), summary in text() });

arbitrary!(panel: Panel {
    name in text(), levels in list(level()), others in numbers(), total in text(), most in text(),
});

prop_compose! {
    fn small_multiples()(
        [id, title, sentence, head, state] in [text(), text(), text(), text(), text()],
        [complete, provisional, missing, on_break] in [text(), text(), text(), text()],
        steps in list(step()), breaks in indices(), panels in list(panel()), other in option::of(text()),
    ) -> SmallMultiples {
        SmallMultiples {
            id, title, sentence, steps, breaks, panels, other, head, state, complete, provisional, missing,
            on_break,
        }
    }
}

fn long_table_column() -> impl Strategy<Value = LongTableColumn> {
    let contents = vec![
        ColumnContent::Time,
        ColumnContent::Video,
        ColumnContent::Course,
        ColumnContent::Section,
        ColumnContent::Person,
        ColumnContent::Role,
        ColumnContent::Amount,
        ColumnContent::Sparkline,
        ColumnContent::Actions,
        ColumnContent::Deck,
        ColumnContent::Text,
    ];
    (text(), select(contents)).prop_map(|(head, content)| LongTableColumn { head, content })
}

arbitrary!(long_table: LongTable {
    list in row_list(), columns in list(long_table_column()), count in any::<u64>(), steps in list(text()),
});

arbitrary!(long_table_row: LongTableRow {
    student in text(), cells in list(text()), amount in option::of(number()), steps in numbers(),
    steps_label in text(),
});

fn filter() -> impl Strategy<Value = FilterKind> {
    select(vec![FilterKind::Deck, FilterKind::Section, FilterKind::Role, FilterKind::Video])
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        chart().prop_map(Body::Bars),
        (ranking(), filter(), list(text())).prop_map(|(ranking, filter, ids)| Body::Ranking {
            ranking,
            filter,
            ids
        }),
        heatmap().prop_map(Body::Heatmap),
        sortable_table().prop_map(Body::SortableTable),
        poll_answers().prop_map(Body::PollAnswers),
        threads().prop_map(Body::Threads),
        small_multiples().prop_map(Body::SmallMultiples),
        Just(Body::Text),
        long_table().prop_map(Body::LongTable),
    ]
}

arbitrary!(figure: Figure {
    id in text(), title in text(), unit in text(), sentence in text(), caveat in text(), body in body(),
});

arbitrary!(progress: Progress {
    rows in any::<u64>(), bytes in any::<u64>(), copies in any::<usize>(), pending in any::<usize>(),
});

arbitrary!(counted_rows: CountedRows { rows in any::<Option<u64>>(), is_complete in flag() });

prop_compose! {
    fn figures_response()(
        sequence in any::<u32>(), figures in list(figure()), student_name in text(), counted in counted_rows(),
        progress in progress(),
    ) -> Response {
        Response::Figures { sequence, figures, student_name, counted, progress }
    }
}

fn fetch_error() -> impl Strategy<Value = FetchError> {
    prop_oneof![
        (any::<u16>(), text()).prop_map(|(status, body)| FetchError::Problem(status, body)),
        Just(FetchError::Unreachable),
        Just(FetchError::SignedOut),
        Just(FetchError::Outdated),
        text().prop_map(FetchError::InvalidResponse),
    ]
}

pub(super) fn response() -> impl Strategy<Value = Response> {
    prop_oneof![
        1 => Just(Response::Ready),
        1 => (any::<u32>(), progress())
            .prop_map(|(sequence, progress)| Response::Progress { sequence, progress }),
        9 => figures_response(),
        1 => (row_range(), list(long_table_row()), any::<u64>()).prop_map(|(range, rows, found)| Response::Rows { range, rows, found }),
        1 => (any::<u32>(), any::<u64>()).prop_map(|(sequence, rows)| Response::TooLarge { sequence, rows }),
        1 => (any::<u32>(), text(), fetch_error())
            .prop_map(|(sequence, window, error)| Response::Failed { sequence, window, error }),
    ]
}
