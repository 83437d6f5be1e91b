import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { programFile, test, type Place } from "./programs.js";

/** Whether a command can have its own mounts here. */
const canMount = spawnSync("unshare", ["-m", "true"]).status === 0;

/** Runs a script with a read-only /var/tmp, and returns its output. */
function runWithoutVarTmp(place: Place, script: string, env: Readonly<Record<string, string>>) {
  const { PATH = "", HOME = "" } = process.env;
  const programs = {
    mr: programFile("mr"),
    coordinator: programFile("mr-coordinator"),
    worker: programFile("mr-worker"),
  };
  const shell = ["-m", "sh", "-ec", `mount -t tmpfs -o ro none /var/tmp; ${script}`];
  const options = { cwd: place.directory, env: { PATH, HOME, ...programs, ...env }, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync("unshare", shell, options);
  return { status, stdout, stderr };
}

describe.skipIf(!canMount)("where /var/tmp cannot be written", () => {
  for (const variable of ["MR_RUNTIME_DIR", "XDG_RUNTIME_DIR", "TMPDIR"]) {
    test(`jobs run, and coordinator and workers meet, in $${variable}`, ({ place }) => {
      place.write("in.txt", "ab");
      mkdirSync(join(place.directory, "meet"));
      const script = `
        for how in run sequential; do
          echo ab | node "$mr" $how -q -r 1 -o $how wc in.txt -
          cat $how/mr-out-0
        done
        node "$coordinator" -q -r 1 -o pair in.txt &
        node "$worker" -q wc
        wait $!
        cat pair/mr-out-0
      `;
      const env = { [variable]: join(place.directory, "meet") };
      const ended = runWithoutVarTmp(place, script, env);
      expect(ended).toEqual({ status: 0, stdout: "ab 2\nab 2\nab 1\n", stderr: "" });
      expect(readdirSync(join(place.directory, "meet")).filter((name) => !name.endsWith(".done"))).toEqual([]);
    });
  }

  test("a job that cannot create its lock says where, and what to do", ({ place }) => {
    place.write("in.txt", "ab");
    const ended = runWithoutVarTmp(place, `node "$mr" run -q wc in.txt`, { MR_RUNTIME_DIR: "/proc/none" });
    expect(ended).toMatchObject({ status: 2, stdout: "" });
    expect(ended.stderr).toMatch(/cannot lock output directory mr-output: .*\/proc\/none.*; set MR_RUNTIME_DIR/);
    expect(place.files()).toEqual(["in.txt"]);
  });
});
