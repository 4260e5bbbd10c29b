// Starts the page: the content security policy allows no inline script. The data thread is fetched and compiled beside
// it, on another core; whether it listens already is noted for the page, which may come later.
import init from "/page.js";

const page = init();
const thread = new Worker("/thread-start.js", { type: "module" });
thread.onmessage = () => {
  thread.listens = true;
};
globalThis.lecternThread = thread;
// Keys that somebody has switched off in this browser do nothing from the first on; a browser may refuse to say.
try {
  if (localStorage.getItem("lectern-keys") === "off") document.documentElement.dataset.keys = "off";
} catch {}
await page;
