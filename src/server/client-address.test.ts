import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError } from "../bytes/index.ts";
import { clientAddresses } from "./client-address.ts";

const from = (remoteAddress: string, forwarded?: string | string[]) => ({
  socket: { remoteAddress },
  headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
});

test("a client that names itself another address is not believed", () => {
  assert.equal(clientAddresses([])(from("198.51.100.9", "203.0.113.1")), "198.51.100.9");
  assert.equal(clientAddresses(["10.0.0.0/8"])(from("198.51.100.9", "203.0.113.1")), "198.51.100.9");
});

test("behind a named proxy it is the client that the proxy saw, whatever that client wrote before it", () => {
  const addressOf = clientAddresses(["10.0.0.0/8", "fd00::/8"]);
  assert.equal(addressOf(from("10.1.2.3", "203.0.113.1")), "203.0.113.1");
  assert.equal(addressOf(from("::ffff:10.1.2.3", "10.9.9.9, 203.0.113.1")), "203.0.113.1");
  assert.equal(addressOf(from("10.1.2.3", ["10.9.9.9", "203.0.113.1, 10.4.4.4"])), "203.0.113.1");
  assert.equal(addressOf(from("fd00::1", "[2001:db8::7]:4711")), "2001:db8::7");
});

test("what is no address ends the walk: it is the proxy's own request then", () => {
  const addressOf = clientAddresses(["10.0.0.7"]);
  for (const said of ["", "unknown", "203.0.113.1, <script>", "203.0.113.1,", "_hidden"]) {
    assert.equal(addressOf(from("10.0.0.7", said)), "10.0.0.7", said);
  }
  assert.equal(addressOf(from("10.0.0.7")), "10.0.0.7");
});

test("an endless header costs a few looks", () => {
  const addressOf = clientAddresses(["10.0.0.0/8"]);
  assert.equal(addressOf(from("10.0.0.7", `203.0.113.1,${"10.0.0.8,".repeat(500)}10.0.0.9`)), "10.0.0.8");
});

test("a network that is none stops the start", () => {
  for (const text of ["proxy.example.com", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "fd00::/129", ""]) {
    assert.throws(
      () => clientAddresses([text]),
      (error) => isCountersignError(error, "usage.invalid"),
      text,
    );
  }
});
