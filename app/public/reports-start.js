// Starts the thread of reports, a worker of the page.
import init from "/reports.js";

await init();
