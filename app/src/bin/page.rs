//! The page: mounts the Leptos application in the document.
//!
//! And cuts it into chunks: each function below is a split point, after which the build makes a file of what only it
//! needs. Those of one name are one file.

use app::chunks::Chunks;
use app::pages::access::AccessPage;
use app::pages::access::sign_in::SignInPage;
use app::pages::course::CoursePage;
use app::pages::overview::Chosen;
use app::pages::report::telling::Telling;
use app::pages::report::watching::Watching;
use app::pages::report::{Here, ReportView};
use app::pages::requests::Board;
use app::pages::shares::SharesPage;
use app::parts::day_choices::{DayChoices, Told};
use app::parts::first_plan::FirstPlan;
use app::parts::help::dialog::Dialog;
use app::parts::later::Draw;
use app::parts::share::ShareBar;
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

type Part<T> = Result<Draw<T>, SplitLoaderError>;

fn main() {
    app::page::run(Chunks {
        report: || Box::pin(report()),
        watching: || Box::pin(watching()),
        telling: || Box::pin(telling()),
        course: || Box::pin(course()),
        board: || Box::pin(board()),
        access: || Box::pin(access()),
        sign_in: || Box::pin(sign_in()),
        shares: || Box::pin(shares()),
        share: || Box::pin(share()),
        plan: || Box::pin(plan()),
        days: || Box::pin(days()),
        help: || Box::pin(help()),
    });
}

#[wasm_split(report, wasm_split_path = leptos::wasm_split, fallible)]
fn report() -> Part<Chosen> {
    Ok(|chosen| view! { <ReportView chosen /> }.into_any())
}

#[wasm_split(watching, wasm_split_path = leptos::wasm_split, fallible)]
fn watching() -> Part<Here> {
    Ok(|here| view! { <Watching here /> }.into_any())
}

#[wasm_split(telling, wasm_split_path = leptos::wasm_split, fallible)]
fn telling() -> Part<Here> {
    Ok(|here| view! { <Telling here /> }.into_any())
}

#[wasm_split(course, wasm_split_path = leptos::wasm_split, fallible)]
fn course() -> Part<()> {
    Ok(|()| view! { <CoursePage /> }.into_any())
}

#[wasm_split(report, wasm_split_path = leptos::wasm_split, fallible)]
fn board() -> Part<()> {
    Ok(|()| view! { <Board /> }.into_any())
}

#[wasm_split(access, wasm_split_path = leptos::wasm_split, fallible)]
fn access() -> Part<()> {
    Ok(|()| view! { <AccessPage /> }.into_any())
}

#[wasm_split(access, wasm_split_path = leptos::wasm_split, fallible)]
fn sign_in() -> Part<()> {
    Ok(|()| view! { <SignInPage /> }.into_any())
}

#[wasm_split(shares, wasm_split_path = leptos::wasm_split, fallible)]
fn shares() -> Part<()> {
    Ok(|()| view! { <SharesPage /> }.into_any())
}

#[wasm_split(shares, wasm_split_path = leptos::wasm_split, fallible)]
fn share() -> Part<()> {
    Ok(|()| view! { <ShareBar /> }.into_any())
}

#[wasm_split(first, wasm_split_path = leptos::wasm_split, fallible)]
fn plan() -> Part<()> {
    Ok(|()| view! { <FirstPlan /> }.into_any())
}

#[wasm_split(first, wasm_split_path = leptos::wasm_split, fallible)]
fn days() -> Part<Told> {
    Ok(|told| view! { <DayChoices told /> }.into_any())
}

#[wasm_split(help, wasm_split_path = leptos::wasm_split, fallible)]
fn help() -> Part<()> {
    Ok(|()| view! { <Dialog /> }.into_any())
}
