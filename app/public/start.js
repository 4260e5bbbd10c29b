// Starts the page. A file of its own, since the Content Security Policy allows no inline script.
import init from "/page.js";

let thread;

/** The data worker, started at the first call. `listens` tells the page whether it accepts messages already. */
globalThis.lecternThread = () => {
  if (!thread) {
    // The number of cores is passed as the name, the only value that a worker has before its first message.
    thread = new Worker("/thread-start.js", { type: "module", name: String(navigator.hardwareConcurrency) });
    thread.onmessage = () => {
      thread.listens = true;
    };
  }
  return thread;
};

const page = init();
// A URL with days needs rows at once: the data worker is fetched and compiled in parallel, on another core. Without
// days it would only slow down the start of the page.
const days = new URLSearchParams(location.search).has("from");
if (days) globalThis.lecternThread();
// If keyboard shortcuts are switched off in this browser, they are off from the start. Reading storage may throw.
try {
  if (localStorage.getItem("lectern-keys") === "off") document.documentElement.dataset.keys = "off";
} catch {}
await page;
