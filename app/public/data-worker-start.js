// Starts the data worker, a Web Worker of the page. The program is fetched beside the modules that instantiate it.
const program = fetch("/data-worker_bg.wasm");
const { default: init } = await import("/data-worker.js");

await init({ module_or_path: program });
