/** The debugger of Node.js, for an app that runs in this process. */
import inspector, { type Debugger, type InspectorNotification, type Runtime } from "node:inspector";
import { createServer } from "node:net";
import { loadApp, type LoadedApp } from "../app/load.js";
import type { AppFile } from "../app/resolve.js";
import { sendToOwnThread } from "../worker/own-session.js";

/** The address where a debugger connects. */
export interface DebuggerAddress {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
}

/** The address is unavailable. The message says why. */
class DebuggerAddressError extends Error {
  override readonly name = "DebuggerAddressError";
}

/**
 * Waits for a debugger, then loads the app, and makes the debugger stop at the first line of the app's first call. So
 * breakpoints set in advance also work in the module's top level, and otherwise the debugger stops in app code, where
 * the user can set some.
 *
 * Does not use a `debugger` statement before the call: that would show a file of the engine, and debuggers skip
 * packages.
 *
 * Throws a DebuggerAddressError when no debugger can connect there, and the errors of `loadApp`.
 */
export async function loadDebugged(file: AppFile, address: DebuggerAddress): Promise<LoadedApp> {
  await awaitDebugger(address);
  const app = await loadApp(file);
  const { setup, readRecords, map, mapBytes, inputs = {} } = app;
  const ofInputs = Object.values(inputs).map(({ map }) => map);
  stopAtFirstCall([setup, readRecords, map, mapBytes, ...ofInputs].filter((entry) => entry !== undefined));
  return app;
}

/** Waits for a debugger, once. Throws a DebuggerAddressError when no debugger can connect there. */
export async function awaitDebugger(address: DebuggerAddress): Promise<void> {
  if (isDebugged) return;
  await listen(address);
  // Blocks this thread, which does nothing else: Ctrl-C ends the process as usual.
  inspector.waitForDebugger();
  isDebugged = true;
}

/** Each step of a pipeline loads its app, but the debugger of the first step is already attached. */
let isDebugged = false;

/** Lets debuggers connect, unless `node --inspect` already does. */
async function listen({ host, port }: DebuggerAddress): Promise<void> {
  if (inspector.url() !== undefined) return;
  // Node.js itself only writes its error to standard error, and continues.
  await requireFree(host, port);
  inspector.open(port, host);
  if (inspector.url() === undefined) throw unusable(host, port, new Error("Node.js does not listen there"));
}

async function requireFree(host: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (error) => reject(unusable(host, port, error)));
    probe.listen({ host, port }, () => probe.close(() => resolve()));
  });
}

function unusable(host: string, port: number, error: NodeJS.ErrnoException): DebuggerAddressError {
  const reasons: Record<string, string> = {
    EADDRINUSE: "it is in use; choose another port, or --inspect=0 for any free one",
    EADDRNOTAVAIL: "this machine has no such address",
    EACCES: "permission denied; choose a port above 1023",
    ENOTFOUND: "there is no host of that name",
  };
  const reason = reasons[error.code ?? ""] ?? error.message;
  const name = host.includes(":") ? `[${host}]` : host;
  return new DebuggerAddressError(`cannot wait for a debugger at ${name}:${port}: ${reason}`, { cause: error });
}

/** Makes an attached debugger stop at the first call of any given function, once. */
function stopAtFirstCall(functions: readonly ((...args: never[]) => unknown)[]): void {
  const session = new inspector.Session();
  session.connect();
  sendToOwnThread(session, "Debugger.enable");
  const breakpoints = objectsOf(session, functions).map((objectId) => {
    return (
      sendToOwnThread(session, "Debugger.setBreakpointOnFunctionCall", {
        objectId: targetOf(session, objectId),
      }) as Debugger.SetBreakpointReturnType
    ).breakpointId;
  });
  session.on("Debugger.paused", ({ params }: InspectorNotification<Debugger.PausedEventDataType>) => {
    if (!breakpoints.some((breakpoint) => params.hitBreakpoints?.includes(breakpoint))) return;
    // This session stays: detaching it now would also end the debugger's own pause.
    for (const breakpointId of breakpoints.splice(0))
      sendToOwnThread(session, "Debugger.removeBreakpoint", { breakpointId });
  });
}

/** Where a session, which can only evaluate text, finds this module's values. */
const handOver = Symbol.for("mapreduce-ts.debugger");

/** The debugger protocol's ids of the values. */
function objectsOf(session: inspector.Session, values: readonly unknown[]): string[] {
  const place = globalThis as { [handOver]?: readonly unknown[] };
  try {
    place[handOver] = values;
    return values.map((_, index) => {
      const expression = `globalThis[Symbol.for(${JSON.stringify(handOver.description)})][${index}]`;
      return idOf((sendToOwnThread(session, "Runtime.evaluate", { expression }) as Runtime.EvaluateReturnType).result);
    });
  } finally {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- There is one name.
    delete place[handOver];
  }
}

/**
 * The innermost function that is called: apps are bound when they are loaded, and V8 stops only in functions with a
 * source.
 */
function targetOf(session: inspector.Session, objectId: string): string {
  const { internalProperties = [] } = sendToOwnThread(session, "Runtime.getProperties", {
    objectId,
    ownProperties: true,
  }) as Runtime.GetPropertiesReturnType;
  const target = internalProperties.find(({ name }) => name === "[[TargetFunction]]")?.value;
  return target === undefined ? objectId : targetOf(session, idOf(target));
}

function idOf({ objectId }: Runtime.RemoteObject): string {
  if (objectId === undefined) throw new Error("the debugger has no name for a function");
  return objectId;
}
