// The server that the crash harness kills. Arguments: data directory, then optionally a write point and how many times it is passed
// before the process kills itself there. Says its address on one line.
import { startServer } from "./start-server.ts";

const [dataDir = "", point, count = "1"] = process.argv.slice(2);
let left = Number(count);

const server = await startServer({
  dataDir,
  port: 0,
  tls: { kind: "off" },
  testOnlyStorage: {
    testOnlyAtPoint: (passed) => {
      if (passed === point && --left === 0) process.kill(process.pid, "SIGKILL");
    },
  },
});
process.stdout.write(`${server.url}\n`);
