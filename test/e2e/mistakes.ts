import type { Fleet } from "../support/fleet";
import type { MistakeGroup } from "./refusedProgram";
import { refusedProgram } from "./refusedProgram";

function set(path: string, value: unknown): (fleet: Fleet) => void {
  return (fleet) => {
    fleet.configure(path, value);
  };
}

const LONG_NAME = "x".repeat(65);

const ROWS = [
  "id,serialNumber,validityDays,dnsNames",
  "valve-1,VA-1,,",
  "valve:2,VA-2,,",
  "valve-1,VA-3,,",
  ",VA-4,,",
  `${LONG_NAME},VA-5,,`,
  "valve-6,VA-6,0,",
  "valve-7,VA-7,,https://valve-7",
  "",
];

/** Every rule of what is refused at preview. */
export const mistakeGroups: readonly MistakeGroup[] = [
  {
    title: "a mistake in every part of the configuration",
    mistakes: [
      {
        rule: "an empty common name",
        make: set("serverRoot.subject.commonName", ""),
        resource: "server-root-certificate",
        says: ['subject.commonName: "" is empty'],
      },
      {
        rule: "an RSA key that is too small",
        make: set("serverRoot.key", { algorithm: "RSA", rsaBits: 1024 }),
        resource: "server-root-certificate",
        says: ["key.rsaBits: 1024 bits are too small"],
      },
      {
        rule: "P-224",
        make: set("serverCA.key", { algorithm: "ECDSA", ecdsaCurve: "P224" }),
        resource: "server-ca-certificate",
        says: ['key.ecdsaCurve: "P224"'],
      },
      {
        rule: "a common name of more than 64 characters",
        make: set("deviceRoot.subject.commonName", LONG_NAME),
        resource: "device-root-certificate",
        says: [`subject.commonName: "${LONG_NAME}" has 65 characters`],
      },
      {
        rule: "an unknown curve",
        make: set("deviceRoot.key", { algorithm: "ECDSA", ecdsaCurve: "P999" }),
        resource: "device-root-certificate",
        says: ['key.ecdsaCurve: "P999" is no known curve'],
      },
      {
        rule: "zero days",
        make: set("deviceCA.validityDays", 0),
        resource: "device-ca-certificate",
        says: ["validityDays: 0 is no validity"],
      },
      {
        rule: "a negative number of days",
        make: set("server.validityDays", -1),
        resource: "server-certificate",
        says: ["validityDays: -1 is no validity"],
      },
      {
        rule: "an alternative name that is no host name",
        make: set("server.dnsNames", [
          "mqtt.my-iot-cloud.com",
          "https://mqtt.my-iot-cloud.com",
          "192.0.2.7",
        ]),
        resource: "server-certificate",
        says: ['dnsNames[1]: "https://mqtt.my-iot-cloud.com" is no host name'],
      },
      {
        rule: "an IP address as a DNS name",
        resource: "server-certificate",
        says: ['dnsNames[2]: "192.0.2.7" is an IP address'],
      },
      {
        rule: "a device id with a colon",
        make: (fleet) => {
          fleet.editManifest(() => ROWS.join("\n"));
        },
        resource: "devices-demo",
        says: ['devices/demo.csv:3.id: "valve:2" contains ":"'],
      },
      {
        rule: "a device id twice, with both lines",
        resource: "devices-demo",
        says: [
          'devices/demo.csv:4.id: "valve-1" stands at devices/demo.csv:2 already',
        ],
      },
      {
        rule: "an empty device id",
        resource: "devices-demo",
        says: ["devices/demo.csv:5.id: is empty"],
      },
      {
        rule: "a device id of more than 64 characters",
        resource: "devices-demo",
        says: [`devices/demo.csv:6.id: "${LONG_NAME}" has 65 characters`],
      },
      {
        rule: "zero days in a row of the manifest",
        resource: "devices-demo",
        says: ["devices/demo.csv:7.validityDays: 0 is no validity"],
      },
      {
        rule: "a device's alternative name that is no host name",
        resource: "devices-demo",
        says: [
          'devices/demo.csv:8.dnsNames[0]: "https://valve-7" is no host name',
        ],
      },
      {
        rule: "a Secret's name that Kubernetes refuses",
        make: set("server.secretName", "tb_mqtts"),
        resource: "server",
        says: ['kubernetes.secretName: "tb_mqtts" is no name'],
      },
      {
        rule: "an unknown key algorithm",
        make: set("devices.key", { algorithm: "DSA" }),
        resource: "devices-demo",
        says: ['key.algorithm: "DSA" is no known key algorithm'],
      },
      {
        rule: "a namespace that Kubernetes refuses",
        make: set("mqtt-pki:namespace", "Things Board"),
        resource: "server",
        says: ['kubernetes.namespace: "Things Board" is no name'],
      },
    ],
  },
  {
    title: "mistakes that show between a CA and what hangs below it",
    mistakes: [
      {
        rule: "a path length that is too short for the depth",
        make: set("serverRoot.pathLength", 0),
        resource: "server-ca-certificate",
        says: ['issuer: "My IoT Cloud Root CA" has path length constraint 0'],
      },
      {
        rule: "a CA that would outlive its issuer",
        make: set("serverCA.validityDays", 3650),
        resource: "server-ca-certificate",
        says: ["validityDays: 3650 days would outlive the issuer"],
      },
      {
        rule: "a name outside the issuer's name constraints",
        make: set("serverCA.nameConstraints", {
          permittedDnsNames: ["my-iot-cloud.com"],
        }),
        resource: "server-certificate",
        says: [
          'dnsNames[2]: "my-iot-cloud.net" is outside the issuer\'s name constraints',
          'dnsNames[3]: "mqtt.my-iot-cloud.net" is outside the issuer\'s name constraints',
        ],
      },
      {
        rule: "a server that would outlive its issuer",
        make: set("server.validityDays", 3651),
        resource: "server-certificate",
        says: ["validityDays: 3651 days would outlive the issuer"],
      },
      {
        rule: "devices that would outlive their issuer",
        make: set("devices.validityDays", 1825),
        resource: "devices-demo",
        says: ["validityDays: 1825 days would outlive the issuer"],
      },
      {
        rule: "a CA under its issuer's own name",
        make: set("deviceCA.subject", {
          country: "DE",
          organization: "My IoT Cloud",
          organizationalUnit: "Devices",
          commonName: "My IoT Cloud Device Root CA",
        }),
        resource: "device-ca-certificate",
        says: ["is the subject of the issuer"],
      },
    ],
  },
  refusedProgram,
];
