// Starts the data worker, a Web Worker of the page.
import init from "/data-worker.js";

await init();
