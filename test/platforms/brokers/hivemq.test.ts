import fc from "fast-check";
import { hivemq } from "../../../platforms/brokers/hivemq";
import { describeWith, findProgram } from "../../support/command";
import { required } from "../../support/rendered";
import { leavesOf } from "./javaTexts";
import { anySettings, settingsFor } from "./anySettings";

const MANY = 60;

describe("the configuration of HiveMQ CE", () => {
  test("is this by default", () => {
    const { files } = hivemq.generate(settingsFor(hivemq));
    expect(files["config.xml"]).toMatchInlineSnapshot(`
     "<?xml version="1.0" encoding="UTF-8"?>
     <hivemq>
       <listeners>
         <tls-tcp-listener>
           <port>8883</port>
           <bind-address>0.0.0.0</bind-address>
           <tls>
             <keystore>
               <path>/mqtt/secret/keystore.p12</path>
               <password>\${HIVEMQ_STORE_PASSWORD}</password>
               <private-key-password>\${HIVEMQ_STORE_PASSWORD}</private-key-password>
             </keystore>
             <truststore>
               <path>/mqtt/secret/truststore.p12</path>
               <password>\${HIVEMQ_STORE_PASSWORD}</password>
             </truststore>
             <client-authentication-mode>REQUIRED</client-authentication-mode>
             <protocols>
               <protocol>TLSv1.3</protocol>
               <protocol>TLSv1.2</protocol>
             </protocols>
           </tls>
         </tls-tcp-listener>
       </listeners>
       <anonymous-usage-statistics>
         <enabled>false</enabled>
       </anonymous-usage-statistics>
     </hivemq>
     "
    `);
  });

  test("has the password in no file", () => {
    const storePassword = "correct horse";
    const { files, secretFiles, environment, secretEnvironment } =
      hivemq.generate(settingsFor(hivemq, { storePassword }));
    expect(JSON.stringify([files, secretFiles, environment])).not.toContain(
      storePassword,
    );
    expect(secretEnvironment).toEqual({ HIVEMQ_STORE_PASSWORD: storePassword });
  });

  test("is refused for clients without a certificate", () => {
    expect(hivemq.problems(settingsFor(hivemq, { requireCertificate: false })))
      .toMatchInlineSnapshot(`
     [
       "requireCertificate: false would let in whoever comes, to do everything; leave it out.",
     ]
    `);
  });
});

describeWith(
  { name: "a JDK", path: findProgram("java") },
  "apt-get install openjdk-17-jdk-headless",
  "config.xml as Java reads it",
  (java) => {
    test("says what was asked for, with the password that was put into it", () => {
      const all = fc.sample(anySettings(hivemq), MANY);
      const leaves = leavesOf(
        java,
        all.map((settings) => {
          const { files, secretEnvironment } = hivemq.generate(settings);
          // As HiveMQ does it, before it reads XML.
          return required(files, "config.xml").replace(
            /\$\{(.*?)\}/g,
            (_, name: string) => required(secretEnvironment, name),
          );
        }),
      );
      const listener = "/hivemq/listeners/tls-tcp-listener";
      expect(leaves).toEqual(
        all.map(({ port, address, paths, storePassword }) => [
          `${listener}/port=${port}`,
          `${listener}/bind-address=${address}`,
          `${listener}/tls/keystore/path=${paths.secret}/keystore.p12`,
          `${listener}/tls/keystore/password=${storePassword}`,
          `${listener}/tls/keystore/private-key-password=${storePassword}`,
          `${listener}/tls/truststore/path=${paths.secret}/truststore.p12`,
          `${listener}/tls/truststore/password=${storePassword}`,
          `${listener}/tls/client-authentication-mode=REQUIRED`,
          `${listener}/tls/protocols/protocol=TLSv1.3`,
          `${listener}/tls/protocols/protocol=TLSv1.2`,
          "/hivemq/anonymous-usage-statistics/enabled=false",
        ]),
      );
    });
  },
);
