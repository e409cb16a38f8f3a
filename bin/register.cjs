// Lets Node run this package's TypeScript as it stands. Types are checked by `npm run lint`, not at every start.
const path = require("node:path");

require("ts-node").register({
  swc: true,
  cwd: path.join(__dirname, ".."),
  project: path.join(__dirname, "..", "tsconfig.json"),
});
