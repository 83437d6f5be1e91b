import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect } from "vitest";
import { test, type Place } from "../end-to-end/programs.js";
import { FakeCoordinator } from "./fake-coordinator.js";

/** Accepts connections and ends them unanswered, like a coordinator that is just ending; counts them. */
async function startClosing(place: Place, isEnough: (taken: number) => boolean = () => false) {
  let taken = 0;
  const server = createServer((socket: Socket) => {
    taken += 1;
    socket.destroy();
    if (isEnough(taken)) server.close();
  });
  server.listen(place.socket);
  await once(server, "listening");
  return server;
}

test("a worker that finds no coordinator says once where it waits for it", async ({ place }) => {
  const worker = place.start("mr-worker", ["--connect-timeout", "20s", "wc"]);
  await worker.says(`waiting for a coordinator at ${place.socket}, for up to 20s`);
  const coordinator = await FakeCoordinator.start(place);
  await coordinator.heard("Register");
  await coordinator.end({ says: true });
  const { code, stderr } = await worker.exit();
  expect([code, stderr.match(/waiting/g)]).toEqual([0, ["waiting"]]);
});

describe.concurrent("a worker that is connected but gets no reply", () => {
  test("works for the next coordinator", async ({ place }) => {
    const closing = await startClosing(place, (taken) => taken === 3);
    const closed = once(closing, "close");
    const worker = place.start("mr-worker", ["wc"]);
    await closed;
    const coordinator = await FakeCoordinator.start(place);
    await coordinator.heard("Register");
    await coordinator.end({ says: true });
    expect(await worker.exit()).toMatchObject({ code: 0 });
  });

  test("ends when its time is over", async ({ place }) => {
    const closing = await startClosing(place);
    const { code, stderr } = await place.run("mr-worker", ["--connect-timeout", "300ms", "wc"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^mr-worker: no coordinator at .*mr\.sock after 300ms/) as string,
    });
    closing.close();
    await once(closing, "close");
  });
});
