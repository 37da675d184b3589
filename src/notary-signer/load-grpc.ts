// The gRPC library, loaded by whoever opens a connection or a server and by nobody else: it takes a tenth of a second. It writes its own
// lines on stderr about what we tell in errors and logs of ours, so that is turned off (GRPC_VERBOSITY turns it on again).
import process from "node:process";

export async function loadGrpc(): Promise<typeof import("@grpc/grpc-js")> {
  const grpc = await import("@grpc/grpc-js");
  if (process.env.GRPC_VERBOSITY === undefined) grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  return grpc;
}
