import { expect, test } from "vitest";
import { isLoopback, isLoopbackHost } from "../../src/status/host-header.js";

test("a Host header that names the loopback is one, with any port", () => {
  const good = ["localhost", "localhost:80", "LOCALHOST:8080", "127.0.0.1:1", "127.1.2.3", "[::1]:8080", "[::1]"];
  expect(good.filter((header) => !isLoopbackHost(header))).toEqual([]);
});

test("any other Host header is none: a name that only begins or ends so, another address, nothing", () => {
  const bad = ["localhost.evil.com", "evil.com:80", "127.0.0.1.evil.com", "127.evil.com", "10.0.0.1", "0.0.0.0"];
  bad.push(
    "notlocalhost",
    "[::2]",
    "::1",
    "",
    "localhost:80:80",
    "localhost:x",
    "127.0.0.1@evil.com",
    "[localhost",
    "127.1",
  );
  expect([undefined, ...bad].filter((header) => isLoopbackHost(header))).toEqual([]);
});

test("addresses that only this machine reaches are told from others", () => {
  expect(["127.0.0.1", "localhost", "::1", "127.8.8.8"].filter((host) => !isLoopback(host))).toEqual([]);
  expect(["0.0.0.0", "::", "10.0.0.1", "myhost", "127.0.0.1.evil.com", ""].filter((host) => isLoopback(host))).toEqual(
    [],
  );
});
