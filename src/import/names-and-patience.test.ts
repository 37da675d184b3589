// Names as people and registries write them, and how long a server is waited for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError, type ErrorCode, isCountersignError } from "../bytes/index.ts";
import type { AuthorizedClient, HttpRequest, HttpResponse } from "../http/index.ts";
import { parseNameList, parseServerAndName, registryCatalogue } from "./name-list.ts";
import { withPatience } from "./patience.ts";

const throws = (code: ErrorCode) => (error: unknown) => isCountersignError(error, code);

test("SERVER/GUN: a host, an address, and what is neither", () => {
  assert.deepEqual(parseServerAndName("notary.example.com/registry.example.com/team/app", undefined), {
    server: "https://notary.example.com",
    gun: "registry.example.com/team/app",
  });
  assert.equal(parseServerAndName("http://127.0.0.1:4443/a/b", undefined).server, "http://127.0.0.1:4443");
  assert.equal(parseServerAndName("team/app", "https://x").gun, "team/app");
  for (const text of ["team/app", "notary.example.com", "https://user:secret@host", ""]) {
    assert.throws(() => parseServerAndName(text, undefined), throws("usage.invalid"), text);
  }
  assert.throws(() => parseServerAndName("notary.example.com/../x", undefined), throws("gun.invalid"));
});

test("a list names the line that is no name", () => {
  const list = (text: string) => parseNameList(Buffer.from(text), "names.txt");
  assert.deepEqual(list("# ours\nteam/app\r\n\n  team/other\n"), ["team/app", "team/other"]);
  assert.deepEqual(list("\uFEFFteam/app # the first\n#team/not\nteam/other#\n"), ["team/app", "team/other"]);
  assert.throws(() => list("team/app\nteam app\n"), /names.txt, line 2/);
});

function registry(
  pages: Readonly<Record<string, { readonly body: string; readonly link?: string }>>,
): AuthorizedClient {
  return {
    request: async ({ url }: HttpRequest): Promise<HttpResponse> => {
      const page = pages[url.href];
      const headers = new Map(page?.link === undefined ? [] : [["link", page.link]]);
      return { status: page === undefined ? 404 : 200, headers, url, body: Buffer.from(page?.body ?? "") };
    },
    stream: () => Promise.reject(new Error("not used here")),
  };
}

test("an address that is no registry is told without the password in it, and nobody is asked instead", async () => {
  for (const address of ["https://user:s3cret@", "user:s3cret@/x", "registry.example.com/team", ""]) {
    await assert.rejects(registryCatalogue(address, registry({})), (error: Error) => {
      assert.match(error.message, /^not a registry: /);
      return !error.message.includes("s3cret");
    });
  }
});

test("a catalogue is read page by page, and never from another host", async () => {
  const base = "https://registry.example.com/v2/_catalog?n=1000";
  const next = "https://registry.example.com/v2/_catalog?n=1000&last=a";
  const pages = {
    [base]: { body: '{"repositories":["a"]}', link: `<${next}>; rel="next"` },
    [next]: { body: '{"repositories":["b/c"]}' },
  };
  assert.deepEqual(await registryCatalogue("registry.example.com", registry(pages)), [
    "registry.example.com/a",
    "registry.example.com/b/c",
  ]);
  const refusals: readonly (readonly [{ body: string; link?: string }, ErrorCode])[] = [
    [{ body: '{"repositories":[]}', link: '<https://evil.example.com/v2/_catalog>; rel="next"' }, "registry.failed"],
    [{ body: '{"repositories":[]}', link: `<${base}>; rel="next"` }, "registry.failed"],
    [{ body: "<html>" }, "registry.failed"],
    [{ body: '{"repositories":[7]}' }, "registry.failed"],
    [{ body: '{"repositories":["../x"]}' }, "gun.invalid"],
  ];
  for (const [page, code] of refusals) {
    await assert.rejects(
      registryCatalogue("registry.example.com", registry({ [base]: page })),
      throws(code),
      page.body,
    );
  }
  assert.deepEqual(
    await registryCatalogue("registry.example.com", registry({ [base]: { body: '{"repositories":null}' } })),
    [],
  );
});

test("a server that is away is waited for; one that answers and fails is asked three times; a lie never twice", async () => {
  const run = async (errors: readonly ErrorCode[], isUp: boolean, awayMs = 60_000) => {
    let waited = 0;
    let tries = 0;
    const left = [...errors];
    const work = async () => {
      tries += 1;
      const code = left.shift();
      if (code !== undefined) throw new CountersignError(code, "no");
      return "done";
    };
    const ping = async () => {
      if (!isUp) throw new CountersignError("download.unreachable", "down");
    };
    const wait = async (ms: number) => {
      waited += ms;
    };
    const ended = await withPatience(work, { awayMs, wait, ping }).catch((error: CountersignError) => error.code);
    return { ended, tries, waited };
  };
  const many = Array.from({ length: 10 }, (): ErrorCode => "download.unreachable");
  assert.deepEqual((await run(many, false)).ended, "done");
  assert.deepEqual(await run(many, true), { ended: "download.unreachable", tries: 3, waited: 600 });
  const short = await run([...many, ...many, ...many], false, 5_000);
  assert.equal(short.ended, "download.unreachable");
  assert.ok(short.waited >= 5_000 && short.waited < 9_000);
  assert.deepEqual(await run(["threshold.unmet"], false), { ended: "threshold.unmet", tries: 1, waited: 0 });
});
