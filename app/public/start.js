// Starts the page: the content security policy allows no inline script.
import init from "/page.js";

let thread;

/** The data thread, started when it is first wanted; whether it listens already is noted for the page. */
globalThis.lecternThread = () => {
  if (!thread) {
    // Its name is all that it can be told before it runs: how many cores there are.
    thread = new Worker("/thread-start.js", { type: "module", name: String(navigator.hardwareConcurrency) });
    thread.onmessage = () => {
      thread.listens = true;
    };
  }
  return thread;
};

const page = init();
// A link to some days wants rows at once: the thread is fetched and compiled beside the page, on another core. Whoever
// comes without any waits for the page alone; the thread would take the processor from it.
const days = new URLSearchParams(location.search).has("from");
if (days) globalThis.lecternThread();
// Keys that somebody has switched off in this browser do nothing from the first on; a browser may refuse to say.
try {
  if (localStorage.getItem("lectern-keys") === "off") document.documentElement.dataset.keys = "off";
} catch {}
await page;
