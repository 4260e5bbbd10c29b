//! The cells of a long table: texts, sparklines, and the menu of a student.

use crate::components::disclosure;
use crate::context::AppContext;
use crate::words::figures as text;
use charts::layout::Size;
use charts::sparkline;
use domain::ids::UserId;
use domain::view::{Choice, Page, View};
use leptos::html;
use leptos::prelude::*;
use protocol::{ColumnContent, LongTableRow};

/// The size of a sparkline in pixels.
const SPARK: Size = Size { width: 168, height: 20 };

/// The CSS class of a column, which sets its width.
#[must_use]
pub fn column_class(content: ColumnContent) -> &'static str {
    match content {
        ColumnContent::Time => "cell-time",
        ColumnContent::Video => "cell-video",
        ColumnContent::Course => "cell-course",
        ColumnContent::Section => "cell-section",
        ColumnContent::Person => "cell-person",
        ColumnContent::Role => "cell-role",
        ColumnContent::Amount => "cell-amount",
        ColumnContent::Sparkline => "cell-spark",
        ColumnContent::Actions => "cell-menu",
        ColumnContent::Deck => "cell-deck",
        ColumnContent::Text => "cell-text",
    }
}

/// The contents of a row's cell.
pub fn render_cell(row: &LongTableRow, index: usize, content: ColumnContent) -> AnyView {
    match content {
        ColumnContent::Sparkline => {
            let most = row.steps.iter().flatten().copied().fold(0.0, f64::max);
            let drawing = sparkline::draw(&row.steps, most, SPARK, &row.steps_label);
            view! { <div inner_html=drawing></div> }.into_any()
        }
        ColumnContent::Actions => {
            let name = row.cells.first().cloned().unwrap_or_default();
            UserId::parse(&row.student).map(|id| view! { <StudentMenu id name /> }).into_any()
        }
        ColumnContent::Time
        | ColumnContent::Video
        | ColumnContent::Course
        | ColumnContent::Section
        | ColumnContent::Person
        | ColumnContent::Role
        | ColumnContent::Amount
        | ColumnContent::Deck => row.cells.get(index).cloned().unwrap_or_default().into_any(),
        ColumnContent::Text => {
            let text = row.cells.get(index).cloned().unwrap_or_default();
            // Rows have one line.
            let title = text.clone();
            view! { <span title=title>{text}</span> }.into_any()
        }
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
