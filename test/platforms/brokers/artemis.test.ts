import fc from "fast-check";
import { artemis } from "../../../platforms/brokers/artemis";
import { describeWith, findProgram } from "../../support/command";
import { required } from "../../support/rendered";
import type { Subject } from "./javaTexts";
import { leavesOf, usersFor } from "./javaTexts";
import { anySettings, settingsFor } from "./anySettings";

const MANY = 60;

describe("the configuration of Artemis", () => {
  test("is this by default", () => {
    const { files } = artemis.generate(settingsFor(artemis));
    expect(files).toMatchInlineSnapshot(`
     {
       "broker.xml": "<?xml version="1.0" encoding="UTF-8"?>
     <configuration xmlns="urn:activemq">
       <core xmlns="urn:activemq:core">
         <name>mqtt</name>
         <journal-type>NIO</journal-type>
         <journal-directory>/var/lib/artemis-instance/data/journal</journal-directory>
         <bindings-directory>/var/lib/artemis-instance/data/bindings</bindings-directory>
         <large-messages-directory>/var/lib/artemis-instance/data/large-messages</large-messages-directory>
         <paging-directory>/var/lib/artemis-instance/data/paging</paging-directory>
         <!-- Milliseconds; certificates are looked at as often. -->
         <configuration-file-refresh-period>5000</configuration-file-refresh-period>
         <acceptors>
           <acceptor name="mqtts">tcp://0.0.0.0:8883?protocols=MQTT;sslEnabled=true;sslAutoReload=true;enabledProtocols=TLSv1.3,TLSv1.2;keyStoreType=PEMCFG;keyStorePath=/var/lib/artemis-instance/etc-override/server.pemcfg;trustStoreType=PEMCA;trustStorePath=/mqtt/device-roots/ca-bundle.pem;needClientAuth=true</acceptor>
         </acceptors>
         <!-- As in MQTT, so that what is below are topic filters. -->
         <wildcard-addresses>
           <delimiter>/</delimiter>
           <any-words>#</any-words>
           <single-word>+</single-word>
         </wildcard-addresses>
         <security-settings>
           <security-setting match="devices/sensor-1/#">
             <permission type="createAddress" roles="sensor-1"/>
             <permission type="createDurableQueue" roles="sensor-1"/>
             <permission type="createNonDurableQueue" roles="sensor-1"/>
             <permission type="deleteDurableQueue" roles="sensor-1"/>
             <permission type="deleteNonDurableQueue" roles="sensor-1"/>
             <permission type="consume" roles="sensor-1"/>
             <permission type="send" roles="sensor-1"/>
           </security-setting>
           <security-setting match="devices/sensor.2/#">
             <permission type="createAddress" roles="sensor.2"/>
             <permission type="createDurableQueue" roles="sensor.2"/>
             <permission type="createNonDurableQueue" roles="sensor.2"/>
             <permission type="deleteDurableQueue" roles="sensor.2"/>
             <permission type="deleteNonDurableQueue" roles="sensor.2"/>
             <permission type="consume" roles="sensor.2"/>
             <permission type="send" roles="sensor.2"/>
           </security-setting>
         </security-settings>
       </core>
     </configuration>
     ",
       "cert-roles.properties": "devices=sensor-1,sensor.2
     sensor-1=sensor-1
     sensor.2=sensor.2
     ",
       "cert-users.properties": "sensor-1=/(?\\:(?\\:(?\\!CN\\=)[A-Za-z0-9.]+\\=(?\\:"(?\\:[^"\\\\\\\\]|\\\\\\\\.)*"|[^",+]*))(?\\:,\\ |\\ \\\\+\\ ))*CN\\=sensor-1(?\\:(?\\:,\\ |\\ \\\\+\\ )(?\\:(?\\!CN\\=)[A-Za-z0-9.]+\\=(?\\:"(?\\:[^"\\\\\\\\]|\\\\\\\\.)*"|[^",+]*)))*/
     sensor.2=/(?\\:(?\\:(?\\!CN\\=)[A-Za-z0-9.]+\\=(?\\:"(?\\:[^"\\\\\\\\]|\\\\\\\\.)*"|[^",+]*))(?\\:,\\ |\\ \\\\+\\ ))*CN\\=sensor\\\\.2(?\\:(?\\:,\\ |\\ \\\\+\\ )(?\\:(?\\!CN\\=)[A-Za-z0-9.]+\\=(?\\:"(?\\:[^"\\\\\\\\]|\\\\\\\\.)*"|[^",+]*)))*/
     ",
       "login.config": "activemq {
       org.apache.activemq.artemis.spi.core.security.jaas.TextFileCertificateLoginModule required
         baseDir="/var/lib/artemis-instance/etc-override"
         reload=true
         org.apache.activemq.jaas.textfiledn.user="cert-users.properties"
         org.apache.activemq.jaas.textfiledn.role="cert-roles.properties";
     };
     ",
       "server.pemcfg": "alias=mqtt
     source.key=/mqtt/server/tls.key
     source.cert=/mqtt/server/tls.crt
     ",
     }
    `);
  });

  test("gives topics without a device to all of them", () => {
    const { files } = artemis.generate(
      settingsFor(artemis, { topics: ["all/+"] }),
    );
    expect(files["cert-roles.properties"]).toBe("devices=sensor-1,sensor.2\n");
    expect(files["broker.xml"]).toContain('match="all/+"');
    expect(files["broker.xml"]).not.toContain('roles="sensor-1"');
  });

  test("takes every device where nobody is told apart", () => {
    const { files } = artemis.generate(
      settingsFor(artemis, { identity: "None" }),
    );
    expect(files["cert-users.properties"]).toBe("device=/.*/\n");
    expect(files["cert-roles.properties"]).toBe("devices=device\n");
    expect(files["broker.xml"]).toContain(
      '<security-setting match="#">\n        <permission type="createAddress" roles="devices"/>',
    );
  });

  test("reads a revocation list, and needs a restart for the next one", () => {
    const { files, crlFiles, reload } = artemis.generate(
      settingsFor(artemis, { crlPem: "a list" }),
    );
    expect(files["broker.xml"]).toContain("crlPath=/mqtt/crl/crl.pem");
    expect(crlFiles).toEqual({ "crl.pem": "a list" });
    expect(reload.crl?.way).toBe("restart");
  });

  test("keeps the role of all devices to itself", () => {
    expect(
      artemis.problems(
        settingsFor(artemis, {
          devices: [{ id: "devices", subject: "CN=devices" }],
        }),
      ),
    ).toEqual([
      'devices[0].id: "devices" is the role of all devices; give it another id.',
    ]);
  });
});

describeWith(
  { name: "a JDK", path: findProgram("java") },
  "apt-get install openjdk-17-jdk-headless",
  "what Artemis is given, as Java reads it",
  (java) => {
    test("grants each topic to the roles of those who may", () => {
      const all = fc.sample(anySettings(artemis), MANY);
      const leaves = leavesOf(
        java,
        all.map((settings) =>
          required(artemis.generate(settings).files, "broker.xml"),
        ),
      );
      all.forEach(({ identity, topics, devices, paths }, index) => {
        const lines = leaves[index] ?? [];
        const granted = lines.flatMap((line, at) => {
          const match = /security-setting@match=(.*)$/.exec(line);
          const roles = lines[at + 1]?.replace(/.*permission@roles=/, "");
          return match === null
            ? []
            : (roles ?? "")
                .split(",")
                .map((role) => `${match[1] ?? ""} ${role}`);
        });
        expect(new Set(granted)).toEqual(
          new Set(
            identity === "None"
              ? ["# devices"]
              : topics.flatMap((filter) =>
                  filter.includes("{device}")
                    ? devices.map(
                        ({ id }) =>
                          `${filter.replaceAll("{device}", id)} ${id}`,
                      )
                    : [`${filter} devices`],
                ),
          ),
        );
        const acceptor = lines.find((line) => line.includes("acceptor@name"));
        expect(acceptor).toBeDefined();
        expect(lines).toContain(
          `/configuration/core/journal-directory=${paths.data}/journal`,
        );
      });
    });

    test("knows a device by its common name, wherever in the subject that is, and by nothing else", () => {
      const { files } = artemis.generate(
        settingsFor(artemis, {
          devices: ["sensor-1", "sensor.2", "a@b"].map((id) => ({
            id,
            subject: `CN=${id}`,
          })),
        }),
      );
      const subjects: [Subject, string[]][] = [
        [[{ CN: ["sensor-1"] }], ["sensor-1"]],
        [
          [{ CN: ["sensor-1"] }, { O: ["Example"] }, { C: ["DE"] }],
          ["sensor-1"],
        ],
        [
          [{ C: ["DE"] }, { O: ["Example"] }, { CN: ["sensor-1"] }],
          ["sensor-1"],
        ],
        [[{ O: ["Example, Inc."] }, { CN: ["sensor-1"] }], ["sensor-1"]],
        [[{ CN: ["a@b"] }, { O: ['a "b" + c \\'] }], ["a@b"]],
        [
          [{ O: ["Example"] }, { "2.5.4.5": ["7"], CN: ["sensor.2"] }],
          ["sensor.2"],
        ],
        [[{ CN: ["sensor-10"] }], []],
        [[{ CN: ["sensorX2"] }], []],
        [[{ O: ["sensor-1"] }], []],
        [[{ CN: ["x, CN=sensor-1"] }], []],
        [[{ O: ["x, CN=sensor-1"] }, { CN: ["x"] }], []],
        [[{ CN: ["x"] }, { O: ['", CN=sensor-1'] }], []],
        [[{ CN: ["x"] }, { O: ["x + CN=sensor-1"] }], []],
        [[{ CN: ["sensor-1"] }, { CN: ["sensor.2"] }], []],
        [[{ CN: ["x"] }, { CN: ["sensor-1"] }], []],
        [[{ OU: ["CN=sensor-1"] }], []],
      ];
      expect(
        usersFor(
          java,
          required(files, "cert-users.properties"),
          subjects.map(([subject]) => subject),
        ).map((users, index) => [subjects[index]?.[0], users]),
      ).toEqual(subjects);
    });

    test("whatever else the subject says", () => {
      const ids = ["sensor-1", "b", "CN"];
      const { files } = artemis.generate(
        settingsFor(artemis, {
          devices: ids.map((id) => ({ id, subject: `CN=${id}` })),
        }),
      );
      const value = fc.stringMatching(/^[ -~]{1,12}$/);
      const all = fc.sample(
        fc.record({
          name: fc.oneof(fc.constantFrom(...ids), value),
          before: fc.array(value, { maxLength: 2 }),
          after: fc.array(fc.oneof(value, fc.constant('x", CN=b, O="y')), {
            maxLength: 2,
          }),
        }),
        400,
      );
      expect(
        usersFor(
          java,
          required(files, "cert-users.properties"),
          all.map(({ name, before, after }): Subject => [
            ...before.map((text) => ({ OU: [{ utf8String: text }] })),
            { CN: [{ utf8String: name }] },
            ...after.map((text) => ({ O: [{ utf8String: text }] })),
          ]),
        ),
      ).toEqual(all.map(({ name }) => (ids.includes(name) ? [name] : [])));
    });
  },
);
