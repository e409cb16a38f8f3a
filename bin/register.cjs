// Lets Node run this package's TypeScript as it stands. Types are checked by `npm run lint`, not at every start.
//
// It does not go through whatever loaders are there already: an engine may have registered one for its own plugins that
// checks types at every start, which takes longer than all the rest.
const { createHash } = require("node:crypto");
const {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require("node:fs");
const nodeModule = require("node:module");
const {
  basename,
  dirname,
  join,
  relative,
  resolve,
  sep,
} = require("node:path");
const { threadId } = require("node:worker_threads");

/**
 * What these import is loaded when it is first used: of all they could do, a command does little. Not so programs and
 * components, where to load a file may be to declare resources.
 */
const ON_DEMAND = [
  "cli",
  "cluster",
  "engine",
  "pki",
  "platforms",
  "provider",
  "rotation",
];
const ROOT = dirname(__dirname);

/** What else than its text decides what becomes of a file. */
const COMPILER = hash(
  readFileSync(module.filename, "utf8") +
    require("@swc/core/package.json").version,
);

// Kept where Node keeps what it compiled, and only if it was told a place: whoever can write there decides what runs.
const place = process.env.NODE_COMPILE_CACHE;
const CACHE = place ? resolve(place, "typescript") : undefined;

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
  module._compile(compiled(readFileSync(filename, "utf8"), filename), filename);
};

function compiled(source, filename) {
  if (CACHE === undefined) {
    return compile(source, filename);
  }
  // One entry for each file, whatever its text: what is out of date is replaced, and nothing piles up.
  const entry = join(CACHE, `${hash(filename)}.js`);
  // At the end, where it moves no line.
  const mark = `\n// ${hash(COMPILER + source)}\n`;
  const kept = readKept(entry);
  if (kept?.endsWith(mark)) {
    return kept;
  }
  const code = compile(source, filename) + mark;
  keep(entry, code);
  return code;
}

function compile(source, filename) {
  // Hundreds of files come out of the cache without it.
  const { transformSync } = require("@swc/core");
  const [folder] = relative(ROOT, filename).split(sep, 1);
  const options = {
    jsc: { parser: { syntax: "typescript" }, target: "es2022" },
    module: {
      type: "commonjs",
      lazy: ON_DEMAND.includes(folder) ? importsOf(source) : false,
    },
    sourceMaps: "inline",
    // Node has the sources themselves, beside the file.
    inlineSourcesContent: false,
    filename: basename(filename),
    swcrc: false,
  };
  return transformSync(source, options).code;
}

/** The modules something is imported from. What is imported for its effect, or passed on, is loaded at once. */
function importsOf(source) {
  const named = (word) =>
    Array.from(
      source.matchAll(new RegExp(`^${word}\\b[^;"]*\\bfrom "([^"]+)"`, "gm")),
      ([, name]) => name,
    );
  const passedOn = new Set(named("export"));
  return named("import").filter((name) => !passedOn.has(name));
}

function readKept(entry) {
  try {
    return readFileSync(entry, "utf8");
  } catch {
    return undefined;
  }
}

/** Keeps it for the next start, if that is possible here. Others may be doing the same, or reading. */
function keep(entry, code) {
  const partial = `${entry}.${process.pid}.${threadId}`;
  try {
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(partial, code);
    renameSync(partial, entry);
  } catch {
    discard(partial);
  }
}

function discard(path) {
  try {
    rmSync(path, { force: true });
  } catch {
    // A folder that cannot be written to.
  }
}

function hash(text) {
  return createHash("sha256").update(text).digest("base64url");
}
