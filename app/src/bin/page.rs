//! The page's program: mounts the Leptos application in the document.
//!
//! Each function below is a split point: the build moves the code that only it needs into a chunk. Split
//! points with the same name share a chunk. The names are few, since each pair of names may share further chunks, and a
//! request for a small chunk takes as long as one for a large chunk:
//!
//! - `first`: a first visit;
//! - `report` and `course`: the pages with figures;
//! - `rest`: all other pages, and what the first click on a menu or a panel opens.

use app::components::figure::figure_menu::items::{FigureMenuInputs, FigureMenuItems};
use app::components::figure::numbers_table::{FigureNumbers, NumbersTable};
use app::components::help::dialog::HelpDialog;
use app::components::lazy::RenderFn;
use app::components::range_picker::{RangePicker, RangeSelection};
use app::components::request_estimate::RequestEstimate;
use app::components::share::SharePanelInputs;
use app::components::share::panel::SharePanel;
use app::components::window_table::{WindowTable, WindowTableInputs};
use app::lazy_components::LazyComponents;
use app::pages::access::AccessPage;
use app::pages::access::sign_in::SignInPage;
use app::pages::course::CoursePage;
use app::pages::overview::ViewSelection;
use app::pages::report::ReportView;
use app::pages::requests::RequestsPage;
use app::pages::shares::SharesPage;
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

type LoadResult<T> = Result<RenderFn<T>, SplitLoaderError>;

fn main() {
    app::context::run(LazyComponents {
        report_view: || Box::pin(report_view()),
        course_page: || Box::pin(course_page()),
        requests_page: || Box::pin(requests_page()),
        access_page: || Box::pin(access_page()),
        sign_in_page: || Box::pin(sign_in_page()),
        shares_page: || Box::pin(shares_page()),
        share_panel: || Box::pin(share_panel()),
        window_table: || Box::pin(window_table()),
        figure_menu_items: || Box::pin(figure_menu_items()),
        numbers_table: || Box::pin(numbers_table()),
        request_estimate: || Box::pin(request_estimate()),
        range_picker: || Box::pin(range_picker()),
        help_dialog: || Box::pin(help_dialog()),
    });
}

#[wasm_split(report, wasm_split_path = leptos::wasm_split, fallible)]
fn report_view() -> LoadResult<ViewSelection> {
    Ok(|selection| view! { <ReportView selection /> }.into_any())
}

#[wasm_split(course, wasm_split_path = leptos::wasm_split, fallible)]
fn course_page() -> LoadResult<()> {
    Ok(|()| view! { <CoursePage /> }.into_any())
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, fallible)]
fn requests_page() -> LoadResult<()> {
    Ok(|()| view! { <RequestsPage /> }.into_any())
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, fallible)]
fn access_page() -> LoadResult<()> {
    Ok(|()| view! { <AccessPage /> }.into_any())
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, fallible)]
fn sign_in_page() -> LoadResult<()> {
    Ok(|()| view! { <SignInPage /> }.into_any())
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, fallible)]
fn shares_page() -> LoadResult<()> {
    Ok(|()| view! { <SharesPage /> }.into_any())
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, fallible)]
fn share_panel() -> LoadResult<SharePanelInputs> {
    Ok(|inputs| view! { <SharePanel inputs /> }.into_any())
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, fallible)]
fn window_table() -> LoadResult<WindowTableInputs> {
    Ok(|inputs| view! { <WindowTable inputs /> }.into_any())
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, fallible)]
fn figure_menu_items() -> LoadResult<FigureMenuInputs> {
    Ok(|inputs| view! { <FigureMenuItems inputs /> }.into_any())
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, fallible)]
fn numbers_table() -> LoadResult<FigureNumbers> {
    Ok(|numbers| view! { <NumbersTable numbers /> }.into_any())
}

#[wasm_split(first, wasm_split_path = leptos::wasm_split, fallible)]
fn request_estimate() -> LoadResult<()> {
    Ok(|()| view! { <RequestEstimate /> }.into_any())
}

#[wasm_split(first, wasm_split_path = leptos::wasm_split, fallible)]
fn range_picker() -> LoadResult<RangeSelection> {
    Ok(|selection| view! { <RangePicker selection /> }.into_any())
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, fallible)]
fn help_dialog() -> LoadResult<()> {
    Ok(|()| view! { <HelpDialog /> }.into_any())
}
