/** What is wrong with a file, before the one who knows its path says so. */
export class Damage extends Error {
  override readonly name = "Damage";
}
