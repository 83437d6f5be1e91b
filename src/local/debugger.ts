/** The debugger of Node.js, for an app that runs in this process. */
import inspector, { type Debugger, type InspectorNotification, type Runtime } from "node:inspector";
import { createServer } from "node:net";
import { loadApp, type LoadedApp } from "../app/load.js";
import type { AppFile } from "../app/resolve.js";
import { sendToOwnThread } from "../worker/own-session.js";

/** Where a debugger connects to. */
export interface DebuggerAddress {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

/** The address cannot be had. The message says why. */
class DebuggerAddressError extends Error {
  override readonly name = "DebuggerAddressError";
}

/**
 * Waits for a debugger, then loads the app, and has the debugger stop at the first line of the app's first call. So what
 * the module does at its top can be debugged by who has set breakpoints before, and everybody comes out where there is a
 * source to set some in.
 *
 * Not a `debugger` statement before the call: it would show a file of the engine, and debuggers leave out those of packages.
 *
 * Throws a DebuggerAddressError when nobody can connect there, and what `loadApp` throws.
 */
export async function loadDebugged(file: AppFile, address: DebuggerAddress): Promise<LoadedApp> {
  await awaitDebugger(address);
  const app = await loadApp(file);
  const { setup, readRecords, map, mapBytes } = app;
  stopAtFirstCall([setup, readRecords, map, mapBytes].filter((entry) => entry !== undefined));
  return app;
}

/** Waits for a debugger, once. Throws a DebuggerAddressError when nobody can connect there. */
export async function awaitDebugger(address: DebuggerAddress): Promise<void> {
  if (isDebugged) return;
  await listen(address);
  // Blocks this thread, in which nothing else happens: Ctrl-C ends the process as it ends any other.
  inspector.waitForDebugger();
  isDebugged = true;
}

/** Of a pipeline, each step of which loads its app: who debugs the first is there already. */
let isDebugged = false;

/** Lets debuggers connect, unless `node --inspect` does so already. */
async function listen({ host, port }: DebuggerAddress): Promise<void> {
  if (inspector.url() !== undefined) return;
  // Node.js itself writes what is wrong to standard error, and goes on.
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
    EADDRINUSE: "it is in use; choose another one, such as --inspect=0 for any that is free",
    EADDRNOTAVAIL: "this machine has no such address",
    EACCES: "permission denied; choose a port above 1023",
    ENOTFOUND: "there is no host of that name",
  };
  const reason = reasons[error.code ?? ""] ?? error.message;
  const name = host.includes(":") ? `[${host}]` : host;
  return new DebuggerAddressError(`cannot wait for a debugger at ${name}:${port}: ${reason}`, { cause: error });
}

/** Has whoever debugs this thread stop at the first call of one of these functions, once. */
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
    // This session stays: to take it away now would take the debugger's own pause with it.
    for (const breakpointId of breakpoints.splice(0))
      sendToOwnThread(session, "Debugger.removeBreakpoint", { breakpointId });
  });
}

/** Where a session, which can only evaluate text, finds what this module has. */
const handOver = Symbol.for("mapreduce-ts.debugger");

/** What these are called in the debugger's protocol. */
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

/** The function that is called in the end: apps are bound when they are loaded, and V8 stops in what has a source. */
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
