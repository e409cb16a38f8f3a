/**
 * The name of a device's folder: the id, with what a path cannot hold as
 * `%2F`. Two ids never share a folder, and none leaves its parent or takes the
 * place of the inventory.
 */
export function folderName(id: string): string {
  return id
    .replaceAll("/", "%2F")
    .replace(/^\./, "%2E")
    .replace(/^(inventory)\.(?=csv)/i, "$1%2E");
}
