// Preloaded into the program and the plugins. The engine holds the other end of this pipe: should the engine be
// killed without a chance to stop its children, the pipe closes and they end by themselves.
const net = require("node:net");

const lifeline = new net.Socket({ fd: 3 });
lifeline.on("error", () => process.exit(1));
lifeline.on("close", () => process.exit(1));
lifeline.resume();
lifeline.unref();
