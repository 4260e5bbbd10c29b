//! The components that are loaded when they are first needed, as functions that the page's program supplies.
//!
//! Split points are exported by the program that contains them, so they are defined in the page's program
//! (`bin/page.rs`), not in this library.

use crate::components::figure::figure_menu::items::FigureMenuInputs;
use crate::components::figure::numbers_table::FigureNumbers;
use crate::components::lazy::LazyComponent;
use crate::components::range_picker::RangeSelection;
use crate::components::share::SharePanelInputs;
use crate::components::window_table::WindowTableInputs;
use crate::pages::overview::ViewSelection;

/// All lazy components.
#[derive(Debug, Clone, Copy)]
pub struct LazyComponents {
    /// [`ReportView`](crate::pages::report::ReportView).
    pub report_view: LazyComponent<ViewSelection>,
    /// [`CoursePage`](crate::pages::course::CoursePage).
    pub course_page: LazyComponent<()>,
    /// [`RequestsPage`](crate::pages::requests::RequestsPage).
    pub requests_page: LazyComponent<()>,
    /// [`AccessPage`](crate::pages::access::AccessPage).
    pub access_page: LazyComponent<()>,
    /// [`SignInPage`](crate::pages::access::sign_in::SignInPage).
    pub sign_in_page: LazyComponent<()>,
    /// [`SharesPage`](crate::pages::shares::SharesPage).
    pub shares_page: LazyComponent<()>,
    /// [`SharePanel`](crate::components::share::panel::SharePanel).
    pub share_panel: LazyComponent<SharePanelInputs>,
    /// [`WindowTable`](crate::components::window_table::WindowTable).
    pub window_table: LazyComponent<WindowTableInputs>,
    /// [`FigureMenuItems`](crate::components::figure::figure_menu::items::FigureMenuItems).
    pub figure_menu_items: LazyComponent<FigureMenuInputs>,
    /// [`NumbersTable`](crate::components::figure::numbers_table::NumbersTable).
    pub numbers_table: LazyComponent<FigureNumbers>,
    /// [`RequestEstimate`](crate::components::request_estimate::RequestEstimate).
    pub request_estimate: LazyComponent<()>,
    /// [`RangePicker`](crate::components::range_picker::RangePicker).
    pub range_picker: LazyComponent<RangeSelection>,
    /// [`HelpDialog`](crate::components::help::dialog::HelpDialog).
    pub help_dialog: LazyComponent<()>,
}
