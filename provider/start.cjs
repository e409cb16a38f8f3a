// Runs the plugin from its TypeScript. An engine that registered a TypeScript loader of its own would check types at
// every start, which takes longer than all the rest; `npm run lint` has done it already.
delete require.extensions[".ts"];
require("../bin/register.cjs");
require("./index.ts");
