// Starts the page. A file of its own, since the Content Security Policy allows no inline script.
import init from "/page.js";

let worker;

/**
 * The data worker, started at the first call. Until the page listens, `isReady` and `hasFailed` record what happened to it.
 */
globalThis.lecternDataWorker = () => {
  if (!worker) {
    const started = new Worker("/data-worker-start.js", { type: "module" });
    started.onmessage = () => {
      started.isReady = true;
    };
    started.onerror = () => {
      started.hasFailed = true;
    };
    worker = started;
  }
  return worker;
};

/** Ends a data worker that failed. The next call of `lecternDataWorker` starts another. */
globalThis.lecternForgetDataWorker = () => {
  worker?.terminate();
  worker = undefined;
};

const page = init();
// A URL with days needs rows at once: the data worker is fetched and compiled in parallel, on another core. Without
// days it would only slow down the start of the page.
const days = new URLSearchParams(location.search).has("from");
if (days) globalThis.lecternDataWorker();
// If keyboard shortcuts are switched off in this browser, they are off from the start. Reading storage may throw.
try {
  if (localStorage.getItem("lectern-keys") === "off") document.documentElement.dataset.keys = "off";
} catch {}
await page;
