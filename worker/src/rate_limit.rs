//! Rate limits that Cloudflare counts, before any object is reached.

use domain::problem::{Code, Problem};
use domain::rate_limit::{PERIOD_SECONDS, RateLimit};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::Env;

#[wasm_bindgen]
extern "C" {
    /// A rate limiter of the runtime. The binding of the `worker` crate would add a serializer for one field.
    type RateLimiter;
    #[wasm_bindgen(method, catch)]
    fn limit(this: &RateLimiter, options: &JsValue) -> Result<js_sys::Promise, JsValue>;
}

/// Counts a call by `key`. A limiter that is missing or fails lets everybody pass: it protects against load, and decides nothing
/// about access.
///
/// # Errors
/// `too-many-tries` beyond the limit.
pub(crate) async fn count(env: &Env, limit: RateLimit, key: &str) -> Result<(), Problem> {
    match is_allowed(env, limit, key).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            let detail = match limit {
                RateLimit::SignIn => {
                    "Many attempts to sign in came from this address. Wait a minute before the next one."
                }
                RateLimit::Rows | RateLimit::Reading => {
                    "You read more within a minute than Lectern allows. Wait a minute, then try again."
                }
            };
            Err(Problem::new(Code::TooManyTries, detail).retry_after(PERIOD_SECONDS))
        }
        Err(_) => {
            worker::console_error!("the rate limiter {} failed", limit.binding());
            Ok(())
        }
    }
}

async fn is_allowed(env: &Env, limit: RateLimit, key: &str) -> Result<bool, JsValue> {
    let limiter = js_sys::Reflect::get(env, &limit.binding().into())?;
    if limiter.is_undefined() {
        return Ok(true);
    }
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"key".into(), &key.into())?;
    let outcome = limiter.unchecked_ref::<RateLimiter>().limit(&options)?;
    let outcome = wasm_bindgen_futures::JsFuture::from(outcome).await?;
    Ok(js_sys::Reflect::get(&outcome, &"success".into())?.is_truthy())
}
