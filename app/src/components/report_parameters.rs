//! What a report is asked with beside its days: a field for each parameter that Echo360 lists and Lectern does not know.

use crate::context::AppContext;
use crate::words;
use domain::api::ReportInfo;
use domain::report_listing::ReportParameter;
use leptos::prelude::*;

/// The fields; nothing for a report without parameters of its own.
#[component]
pub fn ReportParameters(
    /// The report.
    info: Memo<Option<ReportInfo>>,
) -> impl IntoView {
    let parameters =
        Memo::new(move |_| info.with(|info| info.as_ref().map(|i| i.parameters.clone()).unwrap_or_default()));
    move || {
        let fields = parameters.get();
        (!fields.is_empty()).then(|| {
            let fields =
                fields.into_iter().map(|parameter| view! { <ParameterField parameter /> }).collect_view();
            view! {
                <fieldset class="given">
                    <legend>{words::GIVEN}</legend>
                    {fields}
                </fieldset>
            }
        })
    }
}

/// One field. What cannot stand in a link is not taken, and the field says so.
#[component]
fn ParameterField(parameter: ReportParameter) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let ReportParameter { name, datatype, required } = parameter;
    let label = words::parameter(&name, required);
    // What it looks like in a date field is what every report is sent for a date.
    let kind = if datatype == "date" { "date" } else { "text" };
    let name = StoredValue::new(name);
    let is_refused = RwSignal::new(false);
    let value = Memo::new(move |_| {
        name.with_value(|name| navigation.view().parameters.value(name).unwrap_or_default().to_owned())
    });
    let change = move |event| {
        let mut view = navigation.view();
        let text = event_target_value(&event);
        let is_taken = name.with_value(|name| view.parameters.set(name, text.trim()));
        if !is_taken {
            // What stood there before was not meant either.
            let _ = name.with_value(|name| view.parameters.set(name, ""));
        }
        is_refused.set(!is_taken);
        navigation.navigate(view);
    };
    view! {
        <div>
            <label>
                <span>{label}</span>
                <input type=kind required=required autocomplete="off" prop:value=move || value.get()
                    aria-invalid=move || is_refused.get().then_some("true") on:change=change />
            </label>
            <Show when=move || is_refused.get()>
                <p class="small" role="alert">{words::NOT_PLAIN}</p>
            </Show>
        </div>
    }
}
