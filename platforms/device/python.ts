import type { Connection } from "./connection";
import { pathsFrom } from "./mosquitto";
import { pythonString } from "./quoting";

/** A program for Eclipse Paho's Python client, 1.6 and 2.x, that publishes once as a device. */
export function pythonProgram(connection: Connection): string {
  const { host, port, topic, payload, clientId, username } = connection;
  const { bundle, chain, key } = pathsFrom(connection, ".");
  return [
    '"""Publishes once as a device: python3 publish.py DEVICE-ID"""',
    "",
    "import os",
    "import re",
    "import ssl",
    "import sys",
    "",
    "import paho.mqtt.client as mqtt",
    "",
    "if len(sys.argv) != 2:",
    "    sys.exit(__doc__)",
    "device = sys.argv[1]",
    // As folderName of the batch has it.
    'folder = re.sub(r"^\\.", "%2E", device.replace("/", "%2F"))',
    'folder = re.sub(r"(?i)^(inventory)\\.(?=csv)", r"\\1%2E", folder)',
    "os.chdir(os.path.dirname(os.path.abspath(__file__)))",
    "",
    "",
    "def filled(template, value):",
    '    return template.replace("{id}", value)',
    "",
    "",
    `options = {"client_id": filled(${pythonString(clientId)}, device), "protocol": mqtt.MQTTv311}`,
    'if hasattr(mqtt, "CallbackAPIVersion"):',
    "    # From paho-mqtt 2.0 on.",
    '    options["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION2',
    "client = mqtt.Client(**options)",
    "client.tls_set(",
    `    ca_certs=${pythonString(bundle)},`,
    `    certfile=filled(${pythonString(chain)}, folder),`,
    `    keyfile=filled(${pythonString(key)}, folder),`,
    "    tls_version=ssl.PROTOCOL_TLS_CLIENT,",
    ")",
    ...(username === undefined
      ? []
      : [`client.username_pw_set(filled(${pythonString(username)}, device))`]),
    `client.connect(${pythonString(host)}, ${port})`,
    "client.loop_start()",
    `message = client.publish(filled(${pythonString(topic)}, device), ${pythonString(payload)}, qos=1)`,
    "message.wait_for_publish(20)",
    "published = message.is_published()",
    "client.disconnect()",
    "client.loop_stop()",
    'sys.exit(None if published else "not published: the broker refused the connection, or did not answer")',
    "",
  ].join("\n");
}
