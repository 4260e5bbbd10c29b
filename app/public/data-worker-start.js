// Starts the data worker, a Web Worker of the page. Its name is the build of the page, which understands no other.
if (name !== "BUILD_HASH") throw new Error("the page is of another build");

// The program is fetched beside the modules that instantiate it. If that fails, the page finds out why (`app::data_worker`).
const program = fetch("/data-worker_bg.wasm");
const { default: init } = await import("/data-worker.js");
await init({ module_or_path: program });
