// Starts a reader, a worker of the data thread, which sends it the program that it has compiled itself.
import init from "/thread.js";

onmessage = ({ data }) => init({ module_or_path: data });
