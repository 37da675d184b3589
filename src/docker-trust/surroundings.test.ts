import assert from "node:assert/strict";
import { it } from "node:test";
import { CountersignError } from "../bytes/index.ts";
import type { Settings } from "../home/index.ts";
import { parseDockerImage } from "./docker-image.ts";
import { dockerTrustServer } from "./surroundings.ts";

const nothing: Settings = { server: undefined, servers: [], publisher: undefined };
const serverOf = (image: string, env: Readonly<Record<string, string>> = {}, settings = nothing) =>
  dockerTrustServer(env, settings, parseDockerImage(image).reference);

it("docker's choice: the variable, else Docker Hub's server, else the registry's own host", () => {
  assert.equal(serverOf("alpine"), "https://notary.docker.io");
  assert.equal(serverOf("registry.example.com:5000/a/b:1"), "https://registry.example.com:5000");
  assert.equal(
    serverOf("alpine", { DOCKER_CONTENT_TRUST_SERVER: "https://trust.example.com" }),
    "https://trust.example.com",
  );
});

it("our own settings come before a guess and after docker's variable", () => {
  const settings: Settings = { ...nothing, server: { url: "https://ours.example.com", tlsCa: undefined } };
  assert.equal(serverOf("alpine", {}, settings), undefined);
  assert.equal(serverOf("alpine", { COUNTERSIGN_SERVER: "https://ours.example.com" }), undefined);
  const named = { DOCKER_CONTENT_TRUST_SERVER: "https://trust.example.com" };
  assert.equal(serverOf("alpine", named, settings), "https://trust.example.com");
});

it("a trust server without TLS is refused, and a password in its address is not repeated", () => {
  const refusal = (server: string) => (error: unknown) =>
    error instanceof CountersignError &&
    error.code === "usage.invalid" &&
    !error.message.includes("hunter2") &&
    server !== "";
  for (const server of [
    "http://trust.example.com",
    "trust.example.com",
    "ftp://a",
    "http://u:hunter2@trust.example.com",
    "u:hunter2@trust.example.com",
    "https://u:hunter2@",
  ]) {
    assert.throws(() => serverOf("alpine", { DOCKER_CONTENT_TRUST_SERVER: server }), refusal(server), server);
  }
});
