import { MemoryListener } from "./memory-transport.js";
import { describeTransport } from "./transport-contract.js";

describeTransport("a pair of streams in memory", (onConnection) => {
  const listener = new MemoryListener(onConnection);
  return Promise.resolve({ listener, connect: () => listener.connect() });
});
