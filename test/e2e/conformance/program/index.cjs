// The program of every scenario: it registers what `program.json` beside it says.
const fs = require("node:fs");
const path = require("node:path");
const pulumi = require("@pulumi/pulumi");

class Group extends pulumi.ComponentResource {
  constructor(name, args, opts) {
    super("demo:index:Group", name, {}, opts);
    this.outputs = args;
    for (const [key, value] of Object.entries(args)) {
      this[key] = pulumi.output(value);
    }
    this.registerOutputs(args);
  }
}

class Provider extends pulumi.ProviderResource {
  constructor(name, args, opts) {
    super("demo", name, args, opts);
  }
}

// Another stack's outputs, by name: `{output: "reference.name"}`.
class Reference extends pulumi.StackReference {}

// `Loose` is what the plugin leaves the comparison of to the engine.
function customResource(type) {
  return class extends pulumi.CustomResource {
    constructor(name, args, opts) {
      const computed = { label: undefined, serial: undefined };
      super(
        type,
        name,
        { ...computed, token: undefined, revision: undefined, ...args },
        opts,
      );
    }
  };
}

const KINDS = {
  item: customResource("demo:index:Item"),
  thing: customResource("demo:index:Thing"),
  loose: customResource("demo:index:Loose"),
  group: Group,
  provider: Provider,
  reference: Reference,
};

const program = JSON.parse(
  fs.readFileSync(path.join(__dirname, "program.json"), "utf8"),
);
const made = {};

// `{ref: "a.label"}` is an output of a resource and `{ref: "a"}` the resource, `{secret: …}` a secret,
// `{lookup: {…}}` what the plugin's function answers; everything else stands for itself.
function valueOf(value) {
  if (Array.isArray(value)) {
    return value.map(valueOf);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  if (value.ref !== undefined) {
    const [name, property] = value.ref.split(".");
    return property === undefined ? made[name] : made[name][property];
  }
  if (value.secret !== undefined) {
    return pulumi.secret(valueOf(value.secret));
  }
  if (value.output !== undefined) {
    const [name, output] = value.output.split(".");
    return made[name].requireOutput(output);
  }
  if (value.lookup !== undefined) {
    return pulumi.runtime
      .invokeOutput("demo:index:lookup", valueOf(value.lookup), {
        dependsOn: (value.dependsOn ?? []).map((other) => made[other]),
        ...(value.provider && { provider: made[value.provider] }),
      })
      .apply((answer) => answer.label);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, valueOf(inner)]),
  );
}

function aliasOf(alias) {
  if (typeof alias === "string") {
    return alias.startsWith("urn:") ? alias : { name: alias };
  }
  const { parent, ...rest } = alias;
  if (parent === undefined) {
    return rest;
  }
  return parent === null
    ? { ...rest, parent: pulumi.rootStackResource }
    : { ...rest, parent: made[parent] ?? parent };
}

for (const resource of program.resources) {
  const { name, kind = "item", args = {}, options = {} } = resource;
  const { aliases, dependsOn, deletedWith, id, parent, provider, ...rest } =
    options;
  made[name] = new KINDS[kind](name, valueOf(args), {
    ...rest,
    ...(aliases && { aliases: aliases.map(aliasOf) }),
    ...(id && { id: valueOf(id) }),
    ...(dependsOn && { dependsOn: dependsOn.map((other) => made[other]) }),
    ...(deletedWith && { deletedWith: made[deletedWith] }),
    ...(parent && { parent: made[parent] }),
    ...(provider && { provider: made[provider] }),
  });
}

module.exports = valueOf(program.exports);
if (program.throws) {
  throw new Error("the program threw");
}
