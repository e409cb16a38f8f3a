/** What a guide for people is about. */
export interface GuideOrder {
  readonly profileName: string;
  /** Lowercase hex. */
  readonly provisionDeviceKey: string;
  /** Names of the files of a bulk import; empty where there are none. */
  readonly files: readonly string[];
}

/** By a pipe: arguments of a process are read by whoever is on the machine. */
const KEY = `printf 'X-Authorization: ApiKey %s\\n' "$THINGSBOARD_API_KEY" |`;

/**
 * A README beside the files of a dry plan: what goes where in ThingsBoard's
 * page, and the same with curl.
 */
export function onboardingGuide(order: GuideOrder): string {
  const { profileName, provisionDeviceKey, files } = order;
  const bodies = files.filter((file) => file.endsWith(".json"));
  const tables = files.filter((file) => file.endsWith(".csv"));
  return `${[
    `# Onboarding devices in ThingsBoard`,
    "",
    "Needs an API key of a tenant administrator (Account, Security, API keys;",
    "ThingsBoard 4.3 and later). Set both once:",
    "",
    ...shell(
      "export THINGSBOARD_URL=https://thingsboard.example.com",
      "read -rs THINGSBOARD_API_KEY && export THINGSBOARD_API_KEY",
    ),
    "",
    `## The device profile "${profileName}"`,
    "",
    "Makes a device of who shows a certificate chain. For a new profile:",
    "",
    ...shell(
      KEY,
      '  curl --fail-with-body -X POST "$THINGSBOARD_URL/api/deviceProfile" -H @- \\',
      '    -H "Content-Type: application/json" -d @device-profile.json',
    ),
    "",
    "The answer's `provisionDeviceKey` must be the id of the certificate:",
    "",
    `    ${provisionDeviceKey}`,
    "",
    "A profile that is there already is not posted again, but read by its id,",
    "changed where `profileData.provisionConfiguration` differs, and posted",
    "whole, with `id` and `version`. In the page: Profiles, Device profiles, the",
    'profile, Device provisioning, "X.509 certificates chain".',
    ...(files.length === 0
      ? []
      : [
          "",
          "## The devices",
          "",
          `In the page: Entities, Devices, +, Import device, ${tables.map((file) => `\`${file}\``).join(", ")};`,
          "the columns are Name, Device profile and X.509. With curl:",
          "",
          ...shell(
            `for body in ${bodies.join(" ")}; do`,
            `  ${KEY}`,
            '    curl --fail-with-body -X POST "$THINGSBOARD_URL/api/device/bulk_import" -H @- \\',
            '      -H "Content-Type: application/json" -d @"$body"',
            "done",
          ),
          "",
          "The answer counts `created`, `updated` and `errors`. The profile comes",
          "first: the import makes one that is missing, without X.509 provisioning.",
          "A device of the same name under another profile is moved here.",
        ]),
  ].join("\n")}\n`;
}

function shell(...lines: readonly string[]): string[] {
  return ["```sh", ...lines, "```"];
}
