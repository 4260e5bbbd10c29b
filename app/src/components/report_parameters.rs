//! Fields for the parameters that a report has besides its days, as Echo360 lists them.

use crate::context::AppContext;
use crate::words;
use domain::api::ReportInfo;
use domain::report_listing::ReportParameter;
use leptos::prelude::*;

/// The fields; nothing for a report without such parameters.
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
                    <legend>{words::REPORT_PARAMETERS}</legend>
                    {fields}
                </fieldset>
            }
        })
    }
}

/// One field. A value that the URL does not allow is rejected with a message.
#[component]
fn ParameterField(parameter: ReportParameter) -> impl IntoView {
    let navigation = expect_context::<AppContext>().navigation;
    let ReportParameter { name, datatype, required } = parameter;
    let label = words::parameter_label(&name, required);
    // The value of a date field has the format that Echo360 expects: `YYYY-MM-DD`.
    let kind = if datatype == "date" { "date" } else { "text" };
    let name = StoredValue::new(name);
    let is_invalid = RwSignal::new(false);
    let value = Memo::new(move |_| {
        name.with_value(|name| navigation.view().parameters.value(name).unwrap_or_default().to_owned())
    });
    let change = move |event| {
        let mut view = navigation.view();
        let text = event_target_value(&event);
        let is_valid = name.with_value(|name| view.parameters.set(name, text.trim()));
        if !is_valid {
            // The previous value is no longer wanted either.
            let _ = name.with_value(|name| view.parameters.set(name, ""));
        }
        is_invalid.set(!is_valid);
        navigation.navigate(view);
    };
    view! {
        <div>
            <label>
                <span>{label}</span>
                <input type=kind required=required autocomplete="off" prop:value=move || value.get()
                    aria-invalid=move || is_invalid.get().then_some("true") on:change=change />
            </label>
            <Show when=move || is_invalid.get()>
                <p class="small" role="alert">{words::INVALID_PARAMETER}</p>
            </Show>
        </div>
    }
}
