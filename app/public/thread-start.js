// Starts the data thread, a worker of the page.
import init from "/thread.js";

await init();
