// Runs the plugin from its TypeScript.
require("../bin/register.cjs");
require("./index.ts");
