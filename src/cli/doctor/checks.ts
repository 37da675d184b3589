// Every check, in the order they are told. A new one is a file beside this one and a line here.
import type { Check } from "./check.ts";
import { collectionCheck } from "./collection-check.ts";
import { dockerCheck } from "./docker-check.ts";
import { keyFileCheck } from "./key-file-check.ts";
import { serverCheck } from "./server-check.ts";

export const checks: readonly Check[] = [keyFileCheck, serverCheck, collectionCheck, dockerCheck];
