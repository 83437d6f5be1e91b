import { Command } from "@commander-js/extra-typings";
import { expect, it } from "vitest";
import { withAttachedValues } from "../../src/cli/attached-values.js";
import * as options from "../../src/cli/options.js";
import { mrProgram } from "../../src/cli/commands.js";

it.each([
  [
    ["sequential", "--inspect", "app.js"],
    ["sequential", "--inspect=", "app.js"],
  ],
  [["sequential", "--inspect=9230", "app.js"], undefined],
  [["sequential", "app.js", "--", "--inspect", "x"], undefined],
  // An option that the command lacks is shown as typed.
  [["run", "--inspect", "sequential"], undefined],
  // Other options take the next argument.
  [["run", "--file", "a.txt", "-r", "1", "--quiet", "app.js"], undefined],
])("a value that may be left out is behind = or not there: %j", (args, attached) => {
  expect(withAttachedValues(mrProgram(), args)).toEqual(attached ?? args);
});

it.each([
  [["--inspect=", "x"], { host: "127.0.0.1", port: 9229 }],
  [["--inspect"], { host: "127.0.0.1", port: 9229 }],
  [["--inspect=0"], { host: "127.0.0.1", port: 0 }],
  [["--inspect=9230"], { host: "127.0.0.1", port: 9230 }],
  [["--inspect=:9230"], { host: "127.0.0.1", port: 9230 }],
  [["--inspect=localhost"], { host: "localhost", port: 9229 }],
  [["--inspect=0.0.0.0:1"], { host: "0.0.0.0", port: 1 }],
  [["--inspect=[::1]"], { host: "::1", port: 9229 }],
  [["--inspect=[::1]:65535"], { host: "::1", port: 65_535 }],
])("where a debugger connects to: %j", (args, address) => {
  const command = new Command("x")
    .argument("[x]")
    .addOption(options.inspect())
    .action(() => undefined);
  expect(command.parse(args, { from: "user" }).opts()).toEqual({ inspect: address });
});

it.each(["65536", "a b", "::1", "[::1", "host:", "host:x", "-1", "[x]:1", "a/b:1"])("%j is no address", (text) => {
  const command = new Command("x").addOption(options.inspect()).exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  expect(() => command.parse([`--inspect=${text}`], { from: "user" })).toThrow("host:port");
});
