import { existsSync, mkdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeviceListing } from "../../pki/batch/issuance/listing";
import { DEFAULT_KEY } from "../../pki/key";

test("a list takes away those that killed processes left an hour ago, and no others", () => {
  const folder = (id: number): string =>
    join(tmpdir(), `mqtt-pki-list-${id}-${process.pid}`);
  // No system gives out such ids.
  const [abandoned, recent, own] = [
    folder(2_000_000_001),
    folder(2_000_000_002),
    folder(process.pid),
  ];
  for (const path of [abandoned, recent, own]) {
    mkdirSync(path);
  }
  const before = new Date(Date.now() - 2 * 3_600_000);
  utimesSync(abandoned, before, before);
  utimesSync(own, before, before);
  const listing = new DeviceListing({
    subject: {},
    key: DEFAULT_KEY,
    validityDays: 1,
  });
  try {
    expect([abandoned, recent, own].map(existsSync)).toEqual([
      false,
      true,
      true,
    ]);
  } finally {
    listing.remove();
    for (const path of [recent, own]) {
      rmSync(path, { recursive: true });
    }
  }
});
