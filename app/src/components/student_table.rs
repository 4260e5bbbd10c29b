//! A table of every student with recorded activity, which can be saved as CSV and printed.

use crate::components::disclosure;
use crate::components::figure::export::{self, ExportHeader};
use crate::components::figure::figure_menu::FigureMenu;
use crate::components::virtual_table::{Column, VirtualTable};
use crate::context::AppContext;
use crate::loader::Shown;
use crate::words::figures as text;
use crate::{locale, words};
use charts::layout::Size;
use charts::model::{Row, Table};
use charts::sparkline;
use domain::ids::UserId;
use domain::time::Day;
use domain::view::{Choice, Page, View};
use engine::measures::{self, Measures, Students};
use leptos::html;
use leptos::prelude::*;
use thread::message::{List, Part, Student};

/// The size of a sparkline in pixels.
const SPARK: Size = Size { width: 168, height: 20 };

const COLUMNS: &[Column] = &[
    Column { head: text::STUDENT, class: "cell-person" },
    Column { head: words::MINUTES, class: "cell-amount" },
    Column { head: text::COURSE_OF_TIME, class: "cell-spark" },
    Column { head: text::ACTIONS, class: "cell-menu" },
];

/// The export for which all students were requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExportTarget {
    /// A CSV file.
    File,
    /// The printer.
    Paper,
}

/// The figure of all students with recorded activity.
#[component]
pub fn StudentTable(
    /// The measures, once there are any.
    measures: Memo<Option<Measures>>,
) -> impl IntoView {
    let context = expect_context::<AppContext>();
    let header = expect_context::<ExportHeader>();
    let figure = NodeRef::<html::Section>::new();
    let version = Memo::new(move |_| context.loader().loaded().with(|loaded| loaded.version));
    let students = Memo::new(move |_| measures.with(|m| m.as_ref().map(|m| m.students.clone())));
    let count = Memo::new(move |_| {
        students.with(|s| s.as_ref().and_then(|s| usize::try_from(s.active).ok()).unwrap_or(0))
    });
    let sentence = move || measures.with(|m| m.as_ref().map(text::students_sentence)).unwrap_or_default();
    let caveat = move || {
        let coverage = measures.with(|m| m.as_ref().and_then(text::coverage)).unwrap_or_default();
        format!("{coverage} {} {}", text::STUDENTS_CAVEAT, text::SPARK_CAVEAT).trim().to_owned()
    };
    let cells = Callback::new(move |(shown, index): (Shown, usize)| {
        let Part::Students(listed) = shown.part else { return Vec::new() };
        let Some(student) = listed.into_iter().nth(index) else { return Vec::new() };
        let sparkline = students.with_untracked(|students| {
            let Students { step_days, steps_known, .. } = students.clone().unwrap_or_default();
            let steps = minutes_by_step(&student, &steps_known);
            let most = steps.iter().flatten().copied().fold(0.0, f64::max);
            sparkline::draw(&steps, most, SPARK, &text::spark(student.rows, step_days))
        });
        let minutes = locale::format_number(measures::minutes(student.rows));
        let menu =
            UserId::parse(&student.id).map(|id| view! { <StudentMenu id name=student_label(&student) /> });
        vec![
            student_label(&student).into_any(),
            minutes.into_any(),
            view! { <div inner_html=sparkline></div> }.into_any(),
            menu.into_any(),
        ]
    });

    // The table holds a part of the list; an export requests all of it.
    let export_target = StoredValue::new(None::<ExportTarget>);
    let printed_table = RwSignal::new(None::<Table>);
    let request_export = move |target: ExportTarget| {
        move |_| {
            export_target.set_value(Some(target));
            context.loader().show(List::Students, 0, usize::MAX);
        }
    };
    let shown = context.loader().shown(List::Students);
    let print = move |table: Table| {
        printed_table.set(Some(table));
        request_animation_frame(move || {
            if let Some(figure) = figure.get_untracked() {
                export::print(&figure, move || {
                    printed_table.try_set(None);
                });
            }
        });
    };
    Effect::new(move |_| {
        let all = shown.with(|shown| match shown {
            Some(Shown { from: 0, part: Part::Students(all) }) if all.len() == count.get() => {
                Some(all.clone())
            }
            _ => None,
        });
        let Some((target, all)) = export_target.get_value().zip(all) else { return };
        let table = measures.with_untracked(|m| m.as_ref().map(|measures| build_table(&all, measures)));
        let Some(table) = table else { return };
        export_target.set_value(None);
        match target {
            ExportTarget::File => export::save_csv(&table, &header.lines(text::STUDENTS), text::STUDENTS),
            ExportTarget::Paper => request_animation_frame(move || print(table)),
        }
    });
    view! {
        <section class="figure" node_ref=figure id="students" aria-labelledby="students-title">
            <header>
                <h2 id="students-title">{text::STUDENTS}</h2>
                <p class="quiet small">{words::MINUTES}</p>
                <FigureMenu title=text::STUDENTS>
                    <button type="button" on:click=request_export(ExportTarget::File)>{text::SAVE_CSV}</button>
                    <button type="button" on:click=request_export(ExportTarget::Paper)>{text::PRINT}</button>
                </FigureMenu>
            </header>
            <p class="sentence">{sentence}</p>
            <VirtualTable list=List::Students title=text::STUDENTS columns=COLUMNS count version cells
                loader=context.loader() />
            {move || printed_table.get().map(|table| view! { <PrintTable table /> })}
            <p class="caveat quiet small">{caveat}</p>
        </section>
    }
}

/// The menu in a student's row. The shared `name` makes the browser keep at most one of these menus open.
#[component]
fn StudentMenu(id: UserId, name: String) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let menu = NodeRef::<html::Details>::new();
    let choice = Choice::Student(id.clone());
    let is_chosen = navigation.view().contains(&choice);
    let label = if is_chosen { text::ALL_STUDENTS } else { text::ONLY_STUDENT };
    let choose = move |_| navigation.navigate(navigation.view().toggled(&choice));
    let page = navigation.view().course.is_some().then(|| {
        let href = View { student: Some(id), ..navigation.view() }.with_page(Page::Course).to_url();
        view! { <a href=href>{text::STUDENT_PAGE}</a> }
    });
    view! {
        <details class="row-menu" name="row-menu" node_ref=menu on:keydown=disclosure::close_on_escape(menu)>
            <summary aria-label=text::of_student(&name)>"⋯"</summary>
            <span class="row-menu-items">
                <button type="button" class="plain" on:click=choose>{label}</button>
                {page}
            </span>
        </details>
    }
}

/// The printed table: names and minutes of all students.
#[component]
fn PrintTable(table: Table) -> impl IntoView {
    let heads = table.columns.iter().take(2).cloned();
    let heads = heads.map(|head| view! { <th scope="col">{head}</th> }).collect_view();
    let row = |row: &Row| {
        let minutes = row.values.first().copied().flatten().map(locale::format_number);
        view! { <tr><th scope="row">{row.name.clone()}</th><td class="number">{minutes}</td></tr> }
    };
    let rows = table.rows.iter().map(row).collect_view();
    view! { <table class="on-paper"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table> }
}

fn student_label(student: &Student) -> String {
    if student.name.is_empty() { text::NOBODY.to_owned() } else { student.name.clone() }
}

/// Minutes by step; `None` for steps without a loaded day.
fn minutes_by_step(student: &Student, known: &[bool]) -> Vec<Option<f64>> {
    let step = |(rows, known): (&u32, &bool)| known.then(|| measures::minutes(u64::from(*rows)));
    student.steps.iter().zip(known).map(step).collect()
}

/// The exported table: a row for each student, with columns for the total minutes and the minutes of each
/// step.
fn build_table(all: &[Student], measures: &Measures) -> Table {
    let Students { step_days, steps_known, .. } = &measures.students;
    let days: Vec<Day> = measures.days.iter().map(|(day, _)| *day).collect();
    let steps =
        days.chunks((*step_days).max(1)).filter_map(|step| Some(text::step(*step.first()?, *step.last()?)));
    let columns = [text::STUDENT, words::MINUTES].map(str::to_owned).into_iter().chain(steps);
    let row = |student: &Student| {
        let values = [Some(measures::minutes(student.rows))].into_iter();
        let values = values.chain(minutes_by_step(student, steps_known)).collect();
        Row { name: student_label(student), values, state: None }
    };
    Table { columns: columns.collect(), rows: all.iter().map(row).collect() }
}
