import { posix } from "node:path";

/** Parts of a file's name that say what is in it, not whose it is. */
const KIND =
  /^(cert|certs|certificate|crt|cer|pem|der|key|keys|private|privkey|public|chain|fullchain|csr|srl)$/;

/**
 * Whose a file is, by its name: `root-ca` for `root-ca/certs/root-ca.cert.pem`
 * as for `root-ca.key.pem`, `ca` for `caCert.pem`, `caKey.pem` and `cakey.pem`.
 * Empty where the name says nothing, such as `cert.pem` or `1000.pem`.
 */
export function stemOf(path: string): string {
  return stemOfName(posix.basename(path));
}

function stemOfName(name: string): string {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((part) => part.replace(/(?<=.)(cert|key|crt)$/, ""))
    .filter((part) => part !== "" && !KIND.test(part));
  // OpenSSL calls the copies it keeps by their serial numbers.
  return /^[0-9a-f]+$/i.test(posix.parse(name).name) ? "" : parts.join("-");
}

/** The folder a file is in, without `private`, `certs` and the like, which say what is in there. */
export function ownerFolder(path: string): string {
  const folders = posix.dirname(path).split("/");
  while (
    /^(private|certs|csr|newcerts|keys|issued|reqs|crl|\.)$/.test(
      folders.at(-1) ?? "",
    )
  ) {
    folders.pop();
  }
  return folders.join("/");
}

/** A text as a name for people and machines: `a-z 0-9 -`, not empty. */
export function slug(text: string): string {
  const name = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return name === "" || /^\d/.test(name)
    ? `ca-${name}`.replace(/-$/, "")
    : name;
}

/** Names given out once each; the second one of a name gets `-2` at its end. */
export class UniqueNames {
  private readonly taken = new Set<string>();

  take(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.taken.has(name); number += 1) {
      name = `${wanted}-${number}`;
    }
    this.taken.add(name);
    return name;
  }
}
