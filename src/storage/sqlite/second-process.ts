// A process that only opens a data directory (its argument), says what happened and dies as hard as a process can. For
// sqlite-storage.test.ts: file locks can only be seen from outside.
import { isCountersignError } from "../../bytes/index.ts";
import { openSqliteStorage } from "./sqlite-storage.ts";

try {
  openSqliteStorage(process.argv[2] ?? "");
} catch (error) {
  process.stdout.write(isCountersignError(error) ? error.code : String(error));
  process.exit(3);
}
process.stdout.write("open", () => process.kill(process.pid, "SIGKILL"));
