import { describe, expect, it } from "vitest";
import type { HookContext } from "../../src/app/contract.js";
import { AttemptHooks } from "../../src/worker/hooks.js";
import { hookAtWork, type Progress } from "../../src/worker/task-context.js";

/** Hooks that record what happens to them. */
function noting({ setup, teardown }: { setup?: () => unknown; teardown?: () => unknown } = {}) {
  const events: unknown[] = [];
  let record = NaN;
  const progress: Progress = {
    get record() {
      return record;
    },
    isFolding: false,
    set: () => undefined,
    setFolding: () => undefined,
    takeValue: () => undefined,
    beginRecord: (offset) => void events.push((record = offset)),
  };
  const context = { log: (message: string) => void events.push(message) } as unknown as HookContext;
  const noted = (name: string, hook?: () => unknown) => async (given: HookContext) => {
    expect(given).toBe(context);
    events.push(name);
    await hook?.();
    events.push(`${name} ended`);
  };
  const app = { setup: noted("setup", setup), teardown: noted("teardown", teardown) };
  return { events, progress, hooks: new AttemptHooks(app, context, progress) };
}

const failing = (message: string) => () => Promise.reject(new Error(message));

describe("the hooks of an attempt", () => {
  it("are awaited, and have their own time limit, which belongs to no record", async () => {
    const { events, hooks } = noting();
    await hooks.setUp();
    events.push("records");
    await hooks.tearDown();
    const atWork = (name: string) => [hookAtWork, name, `${name} ended`, NaN];
    expect(events).toEqual([...atWork("setup"), "records", ...atWork("teardown")]);
  });

  it("must not be generators, whose body would never run", async () => {
    const setup = function* () {
      yield 1;
    };
    const teardown = async function* () {
      yield await Promise.resolve(1);
    };
    const app = { setup: setup as () => void, teardown: teardown as () => void };
    const progress = { beginRecord: () => undefined } as unknown as Progress;
    const hooks = new AttemptHooks(app, {} as HookContext, progress);
    await expect(hooks.setUp()).rejects.toThrow(
      "setup is a generator, whose body never runs; make it a plain function",
    );
    await expect(hooks.tearDown()).rejects.toThrow("teardown is a generator");
  });

  it("do nothing when the app has none", async () => {
    const hooks = new AttemptHooks({ setup: undefined, teardown: undefined }, {} as HookContext, {} as Progress);
    await hooks.setUp();
    await hooks.tearDown();
    await hooks.tearDownAfterError();
  });

  it("tear down after an error, at the record to blame", async () => {
    const { events, progress, hooks } = noting();
    await hooks.setUp();
    progress.beginRecord(7);
    events.length = 0;
    await hooks.tearDownAfterError();
    expect(events).toEqual(["teardown", "teardown ended", 7]);
    expect(progress.record).toBe(7);
  });

  it("have their time limit even if no record is to blame for the error", async () => {
    const { events, progress, hooks } = noting();
    await hooks.setUp();
    progress.beginRecord(NaN);
    events.length = 0;
    await hooks.tearDownAfterError();
    expect(events).toEqual([hookAtWork, "teardown", "teardown ended", NaN]);
  });

  it("do not hide the first error by a second one, which is logged", async () => {
    const { events, progress, hooks } = noting({ teardown: failing("broken") });
    await hooks.setUp();
    progress.beginRecord(7);
    events.length = 0;
    await hooks.tearDownAfterError();
    expect(events).toEqual(["teardown", "teardown failed, too: Error: broken", 7]);
  });

  it("do not tear down what was not set up", async () => {
    const { events, hooks } = noting({ setup: failing("no database") });
    await expect(hooks.setUp()).rejects.toThrow("no database");
    await hooks.tearDownAfterError();
    expect(events).toEqual([hookAtWork, "setup"]);
  });

  it("do not tear down twice", async () => {
    const { events, hooks } = noting({ teardown: failing("broken") });
    await hooks.setUp();
    events.length = 0;
    await expect(hooks.tearDown()).rejects.toThrow("broken");
    await hooks.tearDownAfterError();
    expect(events).toEqual([hookAtWork, "teardown"]);
  });
});
