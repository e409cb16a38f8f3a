// Runs the plugin from its TypeScript.
const { flushCompileCache } = require("node:module");

require("../bin/register.cjs");
require("./index.ts");

// Node keeps what it compiled when a process ends by itself, which no plugin does. Node 20 cannot be asked to.
setTimeout(() => flushCompileCache?.(), 500).unref();
