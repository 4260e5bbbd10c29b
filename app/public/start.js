// Starts the page. A file of its own, since the Content Security Policy allows no inline script.

/** The build of the page and the data worker. `cargo xtask` writes it here. */
const BUILD = "BUILD_HASH";

let worker;

/**
 * The data worker, started at the first call. Until the page listens, `isReady` and `hasFailed` record what happened to it.
 * Its name is the build that it must be of.
 */
globalThis.lecternDataWorker = () => {
  if (!worker) {
    const started = new Worker("/data-worker-start.js", { type: "module", name: BUILD });
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

globalThis.lecternBuild = BUILD;

/** Replaces “Loading” by what keeps the page from starting: the template of `index.html` with this id. */
const showNotice = (id) => {
  document.querySelector("#shell main")?.replaceChildren(document.getElementById(id).content);
};

const start = async () => {
  if (typeof WebAssembly !== "object" || typeof Worker !== "function") return showNotice("unsupported");
  const { default: init } = await import("/page.js");
  const page = init();
  // A URL with days needs rows at once: the data worker is fetched and compiled in parallel, on another core. Without
  // days it would only slow down the start of the page.
  const days = new URLSearchParams(location.search).has("from");
  try {
    if (days) globalThis.lecternDataWorker();
  } catch {
    // The page starts it again, and says that it cannot.
  }
  // If keyboard shortcuts are switched off in this browser, they are off from the start. Reading storage may throw.
  try {
    if (localStorage.getItem("lectern-keys") === "off") document.documentElement.dataset.keys = "off";
  } catch {}
  await page;
};

start().catch((error) => {
  // An engine without a feature that the program uses refuses to compile it.
  showNotice(error instanceof WebAssembly.CompileError ? "unsupported" : "not-loaded");
  throw error;
});
