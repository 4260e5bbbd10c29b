//! What reads a chart out: one tab stop that moves over its marks, by pointer and by keys.
//!
//! It lies over the drawing and is a slider to assistive technology: that is the one role whose arrow keys
//! reach the page in every screen reader, and its value is the name of the mark.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;

/// A part of the drawing, in pixels: left, top, width, height.
pub type MarkRect = (i32, i32, i32, i32);

/// Moves over `count` marks.
#[component]
pub fn ChartCursor(
    /// What is read.
    #[prop(into)]
    label: String,
    /// How many marks there are.
    #[prop(into)]
    count: Signal<usize>,
    /// The mark that is read.
    at: RwSignal<Option<usize>>,
    /// Its name.
    #[prop(into)]
    name: Signal<String>,
    /// Where it is in the drawing.
    #[prop(into)]
    spot: Signal<Option<MarkRect>>,
    /// The mark at a pixel.
    find: Callback<(i32, i32), Option<usize>>,
    /// How many marks further the next line is; where there are no lines, one.
    #[prop(default = 1)]
    line: usize,
) -> impl IntoView {
    let last = move || count.get().checked_sub(1);
    let point = move |event: PointerEvent| {
        if let Some(found) = find.run((event.offset_x(), event.offset_y())) {
            at.set(Some(found));
        }
    };
    let press = move |event: KeyboardEvent| {
        let Some(last) = count.get_untracked().checked_sub(1) else { return };
        let here = at.get_untracked().unwrap_or(0).min(last);
        // Lines run downwards; where there are none, up is more, as sliders have it.
        let (up, down) = if line > 1 {
            (here.checked_sub(line), Some(here + line))
        } else {
            (Some(here + 1), here.checked_sub(1))
        };
        let there = match event.key().as_str() {
            "ArrowRight" => Some(here + 1),
            "ArrowLeft" => here.checked_sub(1),
            "ArrowUp" => up,
            "ArrowDown" => down,
            "PageDown" => Some((here + 7).min(last)),
            "PageUp" => Some(here.saturating_sub(7)),
            "Home" => Some(0),
            "End" => Some(last),
            _ => return,
        };
        event.prevent_default();
        if let Some(there) = there.filter(|there| *there <= last) {
            at.set(Some(there));
        }
    };
    let begin = move |_| {
        if at.get_untracked().is_none() && count.get_untracked() > 0 {
            at.set(Some(0));
        }
    };
    let pixels = move |part: fn(MarkRect) -> i32| move || spot.get().map(|spot| format!("{}px", part(spot)));
    view! {
        <div class="reader" tabindex="0" role="slider" aria-label=label
            aria-valuemin="0" aria-valuemax=move || last().unwrap_or(0).to_string()
            aria-valuenow=move || at.get().unwrap_or(0).min(last().unwrap_or(0)).to_string()
            aria-valuetext=name
            on:pointermove=point on:pointerdown=point on:keydown=press on:focus=begin>
            <Show when=move || spot.get().is_some()>
                <span class="cursor"
                    style:left=pixels(|(left, _, _, _)| left)
                    style:top=pixels(|(_, top, _, _)| top)
                    style:width=pixels(|(_, _, width, _)| width)
                    style:height=pixels(|(_, _, _, height)| height)></span>
            </Show>
        </div>
    }
}
