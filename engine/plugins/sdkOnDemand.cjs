// Preloaded into the program and the plugins. At every start Pulumi's SDK loads a compiler and a package manager, and
// watches all code through the inspector, for the few programs that send functions to a plugin. That is most of what a
// small update costs; here it comes when it is used. The SDK's own code stays as it is.
const { createRequire, Module, setSourceMapsSupport } = require("node:module");
const { realpathSync } = require("node:fs");
const { Session } = require("node:inspector");
const v8 = require("node:v8");

/** The script that Node was started for: one of the SDK's. */
const script = realpathSync(process.argv[1]);
const sdk = createRequire(script);

const HOOKS = "../../runtime/closure/v8Hooks";
const SHIM = "../../typescript-shim";
const COMPILER_CHOICE = "../../tsutils";

whenCalled("../../runtime/closure/serializeClosure", [
  "serializeFunction",
  "serializeFunctionAsync",
]);
whenCalled("../../runtime/closure/codePaths", ["computeCodePaths"]);
stand(SHIM, new Proxy({}, { get: (_, name) => real(SHIM)[name] }));
stand(HOOKS, inspectorOnDemand());

// Node maps stack traces by itself, and far faster; since 22.14 without those of all packages.
if (setSourceMapsSupport !== undefined) {
  stand("source-map-support/register", {});
  setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
}

// `typescript: false` in its PulumiPlugin.yaml: it needs a compiler only if it loads TypeScript all the same.
if (
  /[\\/]run-plugin[\\/]/.test(script) &&
  process.env.PULUMI_NODEJS_TYPESCRIPT !== "true"
) {
  stand(COMPILER_CHOICE, compilerOnDemand());
}

/** Functions of a module that load it when they are called. */
function whenCalled(request, names) {
  const functions = names.map((name) => [
    name,
    (...args) => real(request)[name](...args),
  ]);
  stand(request, { __esModule: true, ...Object.fromEntries(functions) });
}

/** Lets exports stand for those of a module, if there is one. */
function stand(request, exports) {
  const path = resolved(request);
  if (path !== undefined) {
    sdk.cache[path] = Object.assign(new Module(path), {
      filename: path,
      loaded: true,
      exports,
      // So that it can be told from the module itself.
      standsIn: true,
    });
  }
}

/** The module that something else stands for. */
function real(request) {
  const path = sdk.resolve(request);
  if (sdk.cache[path]?.standsIn === true) {
    delete sdk.cache[path];
  }
  return sdk(path);
}

function resolved(request) {
  try {
    return sdk.resolve(request);
  } catch {
    // Another version of the SDK, which does without.
    return undefined;
  }
}

/**
 * How the SDK learns of the scripts of functions. Scripts that are there already are reported as soon as debugging is
 * enabled. V8's flag makes code of the compile cache worthless that was kept without it, and the other way round.
 */
function inspectorOnDemand() {
  const urls = new Map();
  let session;
  const open = async () => {
    v8.setFlagsFromString("--allow-natives-syntax");
    const opened = new Session();
    opened.connect();
    opened.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => {
      urls.set(scriptId, url);
    });
    await new Promise((resolve, reject) => {
      opened.post("Debugger.enable", (error) => {
        if (error === null) {
          resolve();
        } else {
          reject(error);
        }
      });
    });
    return opened;
  };
  return {
    __esModule: true,
    isInitializedAsync: () => Promise.resolve(),
    getSessionAsync: () => (session ??= open()),
    getScriptUrl: (id) => urls.get(id),
  };
}

/** What run-plugin asks before it starts ts-node: which one, and with what options. It starts with the first TypeScript. */
function compilerOnDemand() {
  // This very module plays ts-node, and a compiler that is asked for nothing but its version.
  module.exports = {
    version: resolved("typescript") && sdk("typescript/package.json").version,
    register: registerOnDemand,
  };
  return {
    __esModule: true,
    loadTypeScriptCompilerOptions: () => ({}),
    typeScriptRequireStrings: () => ({
      typescriptRequire: module.filename,
      tsnodeRequire: module.filename,
    }),
  };
}

function registerOnDemand(options) {
  const extensions = Module._extensions;
  const before = new Map(
    [".ts", ".tsx"].map((extension) => [extension, extensions[extension]]),
  );
  for (const extension of before.keys()) {
    const handle = (module, filename) => {
      for (const [name, handler] of before) {
        if (handler === undefined) {
          delete extensions[name];
        } else {
          extensions[name] = handler;
        }
      }
      registerCompiler(options);
      extensions[extension](module, filename);
    };
    extensions[extension] = handle;
  }
}

function registerCompiler(options) {
  const choice = real(COMPILER_CHOICE);
  const { typescriptRequire, tsnodeRequire } =
    choice.typeScriptRequireStrings();
  sdk(tsnodeRequire).register({
    ...options,
    compiler: typescriptRequire,
    compilerOptions: {
      ...options.compilerOptions,
      ...choice.loadTypeScriptCompilerOptions("tsconfig.json"),
    },
  });
}
