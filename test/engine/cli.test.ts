import { main, type Surroundings } from "../../engine/cli";

/** Runs a command line that is refused before anything is started. */
async function refused(
  args: string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  let error = "";
  const surroundings: Surroundings = {
    environment,
    out: () => undefined,
    error: (text) => (error += text),
    readInput: () => Promise.resolve(""),
    terminal: false,
  };
  expect(await main(args, surroundings)).toBe(1);
  return error;
}

const FLEET = `${__dirname}/fixtures/fleet`;
const HERE = process.cwd();

afterEach(() => {
  process.chdir(HERE);
});

describe("the command line", () => {
  test.each([
    [["stack", "rename"], "The command `stack rename`"],
    [["config", "set-all"], "`config set-all`"],
    [["config", "set", "a", "b", "--type", "int"], "The option --type"],
    [["up", "--replace", "x"], "The option --replace"],
    [["up", "--exclude", "x"], "The option --exclude"],
    [["logs"], "The command `logs`"],
  ])(
    "refuses %j by name and says how to get the Pulumi CLI",
    async (args, name) => {
      const error = await refused(args);
      expect(error).toContain(name);
      expect(error).toContain("Install the Pulumi CLI");
    },
  );

  test("refuses `up` without a terminal and without --yes", async () => {
    expect(await refused(["up", "-s", "dev"])).toContain("needs --yes");
  });

  test.each([
    ["s3://bucket", "The state backend s3://"],
    ["https://api.pulumi.com", "The state backend https://"],
    ["", "No state backend is set"],
  ])("refuses the backend %j", async (url, expected) => {
    expect(
      await refused(["preview", "-s", "dev", "-C", FLEET], {
        PULUMI_BACKEND_URL: url,
      }),
    ).toContain(expected);
  });

  test("asks for a stack, a passphrase and a project", async () => {
    const backend = { PULUMI_BACKEND_URL: "file:///tmp" };
    expect(await refused(["preview", "-C", FLEET], backend)).toContain(
      "No stack is named",
    );
    expect(
      await refused(["preview", "-s", "dev", "-C", FLEET], backend),
    ).toContain("PULUMI_CONFIG_PASSPHRASE");
    expect(
      await refused(["preview", "-s", "dev", "-C", "/"], backend),
    ).toContain("There is no Pulumi.yaml");
    expect(
      await refused(["preview", "-s", "../up", "-C", FLEET], backend),
    ).toContain("is not a stack name");
  });

  test("names the stacks there are when one has no state", async () => {
    const environment = {
      PULUMI_BACKEND_URL: "file:///tmp/none",
      PULUMI_CONFIG_PASSPHRASE: "x",
    };
    expect(
      await refused(["stack", "output", "-s", "dev", "-C", FLEET], environment),
    ).toContain('There is no stack "dev" of the project "fleet"');
  });
});
