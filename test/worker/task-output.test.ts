import { describe, expect, it } from "vitest";
import { OutputTail } from "../../src/worker/output-tail.js";
import { TaskOutput } from "../../src/worker/task-output.js";

/** A stream that keeps what is written to it. */
function kept() {
  const stream = {
    text: "",
    write: (chunk: string | Uint8Array, encoding?: unknown, done?: () => void) => {
      stream.text += Buffer.from(chunk).toString();
      (typeof encoding === "function" ? (encoding as () => void) : done)?.();
      return true;
    },
  };
  return stream;
}

describe("the output of a task", () => {
  it("is marked, line by line, however it is cut into pieces", () => {
    const stream = kept();
    const output = new TaskOutput([stream]);
    stream.write("loaded\n");
    output.begin("map 3");
    stream.write("one\ntw");
    stream.write(Buffer.from("o\n\nthr"));
    stream.write("ZWU=", "base64");
    output.end();
    stream.write("between\n");
    output.begin("map 4");
    stream.write("é\n");
    output.end();
    expect(stream.text).toBe("loaded\n[map 3] one\n[map 3] two\n[map 3] \n[map 3] three\nbetween\n[map 4] é\n");
  });

  it("tells when it was written", () => {
    const stream = kept();
    const output = new TaskOutput([stream]);
    output.begin("map 3");
    const told: string[] = [];
    stream.write("a\n", () => told.push("a"));
    stream.write("b\n", "utf8", () => told.push("b"));
    expect(told).toEqual(["a", "b"]);
  });

  it("is that of the streams as they were, afterwards", () => {
    const stream = kept();
    const { write } = stream;
    const output = new TaskOutput([stream]);
    output.begin("map 3");
    stream.write("half a line");
    output.release();
    expect(stream.write).toBe(write);
    expect(stream.text).toBe("[map 3] half a line\n");
  });

  it("is kept for the agent, without marks, in the order of both streams", () => {
    const [stdout, stderr, agent] = [kept(), kept(), new OutputTail()];
    const output = new TaskOutput([stdout, stderr], new OutputTail(agent.buffer));
    output.begin("map 3");
    stdout.write("a\n");
    stderr.write("b\n");
    stdout.write("c");
    expect(agent.text()).toBe("a\nb\nc");
  });
});

describe("the tail of an output", () => {
  it("is all of it as long as that is short, and nothing when there was nothing", () => {
    const tail = new OutputTail();
    expect(tail.text()).toBeUndefined();
    tail.add(Buffer.from("a\n"));
    tail.add(Buffer.from("b\n\n"));
    expect(tail.text()).toBe("a\nb");
    tail.clear();
    expect(tail.text()).toBeUndefined();
  });

  it("is its last whole lines when it is long, in whatever pieces it came", () => {
    const lines = Array.from({ length: 3000 }, (_, n) => `line ${n} é`);
    const bytes = Buffer.from(`${lines.join("\n")}\n`);
    for (const pieceBytes of [1, 7, 1000, 8191, 8192, 8193, bytes.length]) {
      const tail = new OutputTail();
      for (let at = 0; at < bytes.length; at += pieceBytes) tail.add(bytes.subarray(at, at + pieceBytes));
      const text = tail.text() ?? "";
      const found = text.split("\n");
      expect(found).toEqual(lines.slice(-found.length));
      expect(Buffer.byteLength(text)).toBeGreaterThan(8192 - 20);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8192);
    }
  });

  it("is what fits of a line that is too long", () => {
    const tail = new OutputTail();
    tail.add(Buffer.from(`${"x".repeat(10_000)}\n`));
    expect(tail.text()).toBe("x".repeat(8191));
  });
});
