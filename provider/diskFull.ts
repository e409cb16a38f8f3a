/** SQLITE_FULL; and SQLITE_IOERR_WRITE and SQLITE_IOERR_FSYNC, by which SQLite tells of limits and quotas. */
const SQLITE_CODES: readonly number[] = [13, 778, 1034];

const SYSTEM_CODES: readonly string[] = ["ENOSPC", "EDQUOT", "EFBIG"];

/** Whether something failed because a disk is full, or a limit or quota of it is reached. */
export function isDiskFull(error: unknown): boolean {
  return (
    error instanceof Error &&
    (("errcode" in error && SQLITE_CODES.includes(Number(error.errcode))) ||
      ("code" in error && SYSTEM_CODES.includes(String(error.code))))
  );
}
