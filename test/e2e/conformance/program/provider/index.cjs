// A plugin whose world is a folder: one file per resource that exists, so that tests can see what really is there.
const fs = require("node:fs");
const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const pulumi = require("@pulumi/pulumi");
const { Struct } = require("google-protobuf/google/protobuf/struct_pb");
const {
  specialSigKey,
  specialSecretSig,
} = require("@pulumi/pulumi/runtime/rpc");

const site = process.env.CONFORMANCE_SITE;
const secret = (value) => ({ [specialSigKey]: specialSecretSig, value });
const isSecret = (value) => value?.[specialSigKey] === specialSecretSig;
const nameOf = (urn) => urn.split("::").at(-1);
const file = (...parts) => path.join(site, ...parts);

// A value without its marks of secrecy.
function open(value) {
  if (isSecret(value)) {
    return open(value.value);
  }
  if (Array.isArray(value)) {
    return value.map(open);
  }
  return value !== null && typeof value === "object"
    ? Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, open(inner)]),
      )
    : value;
}

const differ = (left, right) =>
  JSON.stringify(open(left) ?? null) !== JSON.stringify(open(right) ?? null);

function outputs(inputs, id, revision) {
  const text = open(inputs.text);
  const label = `<${typeof text === "string" ? text : JSON.stringify(text)}>`;
  return {
    ...inputs,
    label: isSecret(inputs.text) ? secret(label) : label,
    serial: id,
    revision,
    token: secret(`token of ${id}`),
  };
}

// What the test wants to go wrong, such as `delete a`; without that a deed is noted as done.
function act(verb, urn, isDeed = true) {
  const deed = `${verb} ${nameOf(urn)}`;
  const faults = JSON.parse(fs.readFileSync(file("faults.json"), "utf8"));
  if (faults.includes(deed)) {
    throw new Error(`it was not to be: ${deed}`);
  }
  if (isDeed) {
    fs.appendFileSync(file("journal"), `${deed}\n`);
  }
  return faults;
}

async function wait(inputs) {
  if (typeof inputs.waitMs === "number") {
    await new Promise((resolve) => setTimeout(resolve, inputs.waitMs));
  }
}

const provider = {
  version: "0.1.0",
  async check(urn, olds, news) {
    const failures =
      open(news.text) === "bad"
        ? [{ property: "text", reason: 'it may not be "bad"' }]
        : [];
    return { inputs: news, failures };
  },
  async diff(id, urn, olds, news) {
    if (urn.includes("demo:index:Loose::")) {
      return {};
    }
    const replaces = differ(olds.size, news.size) ? ["size"] : [];
    return {
      changes:
        replaces.length > 0 ||
        differ(olds.text, news.text) ||
        differ(olds.data, news.data),
      replaces,
      deleteBeforeReplace: news.deleteFirst === true,
    };
  },
  async create(urn, inputs) {
    const name = nameOf(urn);
    const faults = act("create", urn);
    await wait(inputs);
    // Ids count per name, so that two engines that do the same get the same ones.
    const made = fs.readdirSync(file("made"));
    const count = made.filter((id) => id.replace(/-\d+$/, "") === name).length;
    const id = `${name}-${count + 1}`;
    fs.writeFileSync(file("made", id), urn);
    fs.writeFileSync(file("world", id), JSON.stringify(open(inputs)));
    await wait(inputs);
    if (faults.includes(`half ${name}`)) {
      throw Object.assign(new Error("not ready"), {
        id,
        properties: outputs(inputs, id, 1),
        reasons: ["it still starts"],
      });
    }
    return { id, outs: outputs(inputs, id, 1) };
  },
  async update(id, urn, olds, news) {
    act("update", urn);
    await wait(news);
    return { outs: outputs(news, id, (olds.revision ?? 0) + 1) };
  },
  async invoke(token, args) {
    const text = open(args.text);
    if (text === "bad") {
      return { failures: [{ property: "text", reason: "nobody knows it" }] };
    }
    if (text === "broken") {
      throw new Error("the lookup broke");
    }
    const label = `<${text}>`;
    return {
      outputs: { label: isSecret(args.text) ? secret(label) : label },
    };
  },
  async read(id, urn, props) {
    if (!fs.existsSync(file("world", id))) {
      return {};
    }
    act("read", urn, false);
    if (Object.keys(props).length === 0) {
      // Nothing but the id is known: it is to be imported.
      const inputs = JSON.parse(fs.readFileSync(file("world", id), "utf8"));
      const props = outputs(inputs, id, 0);
      return urn.includes("demo:index:Loose::")
        ? { id, props }
        : { id, props, inputs };
    }
    return props.serial === undefined
      ? { id, props: outputs({ text: "found", ...props }, id, 0) }
      : { id, props };
  },
  async delete(id, urn, props) {
    act("delete", urn);
    await wait(props);
    // Deleting what is gone already is done.
    fs.rmSync(file("world", id), { force: true });
  },
};

// The SDK's server has no comparison of configurations; a real plugin has one. `zone` cannot change in place.
async function diffConfig({ request }, callback) {
  const olds = request.getOldInputs().toJavaScript();
  const news = request.getNews().toJavaScript();
  const { DiffResponse } = require("@pulumi/pulumi/proto/provider_pb");
  const { DIFF_NONE, DIFF_SOME } = DiffResponse.DiffChanges;
  const changed = ["zone", "region"].filter((key) =>
    differ(olds[key], news[key]),
  );
  callback(
    null,
    new DiffResponse()
      .setChanges(changed.length === 0 ? DIFF_NONE : DIFF_SOME)
      .setDiffsList(changed)
      .setReplacesList(changed.filter((key) => key === "zone")),
  );
}

// The SDK's server does not expect a read of which only the id is known.
function knowingNothing(read) {
  return (call, callback) => {
    call.request.setProperties(call.request.getProperties() ?? new Struct());
    return read(call, callback);
  };
}

const { addService } = grpc.Server.prototype;
grpc.Server.prototype.addService = function (service, implementation) {
  implementation.diffConfig = diffConfig;
  implementation.read = knowingNothing(
    implementation.read.bind(implementation),
  );
  return addService.call(this, service, implementation);
};

pulumi.provider.main(provider, process.argv.slice(2));
