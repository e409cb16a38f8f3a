// Lets Node run this package's TypeScript as it stands. Types are checked by `npm run lint`, not at every start.
//
// It does not go through whatever loaders are there already: an engine may have registered one for its own plugins that
// checks types at every start, which takes longer than all the rest.
const { readFileSync } = require("node:fs");
const nodeModule = require("node:module");
const { transformSync } = require("@swc/core");

// Of our own files only: those of all packages would be read and parsed at every start. Node 20 knows no such choice.
if (nodeModule.setSourceMapsSupport === undefined) {
  process.setSourceMapsEnabled(true);
} else {
  nodeModule.setSourceMapsSupport(true, {
    nodeModules: false,
    generatedCode: false,
  });
}

require.extensions[".ts"] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, "utf8"), {
    filename,
    jsc: { parser: { syntax: "typescript" }, target: "es2022" },
    module: { type: "commonjs" },
    sourceMaps: "inline",
    swcrc: false,
  });
  module._compile(code, filename);
};
