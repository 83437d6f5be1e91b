import { once } from "node:events";
import { SourceMap, type SourceMapPayload } from "node:module";
import WebSocket from "ws";
import { found, type Program } from "./programs.js";

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Where a program has stopped: lines and columns from 0, as in the protocol. */
interface Pause {
  readonly functionName: string;
  readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber: number };
}

/** A minimal debugger for tests: Chrome DevTools and VS Code send the same messages to Node.js. */
export class DebuggerClient {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #pauses: Pause[] = [];
  readonly #scripts = new Map<string, { readonly url: string; readonly sourceMapURL: string }>();
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#take(JSON.parse(data.toString()) as Message));
  }

  /** Connects to a program that has printed its address. */
  static async connect(program: Program): Promise<DebuggerClient> {
    const url = await found(() => /ws:\/\/\S+/.exec(program.stderr)?.[0], "the address of the debugger");
    const socket = new WebSocket(url);
    await once(socket, "open");
    const client = new DebuggerClient(socket);
    await client.send("Debugger.enable");
    await client.send("Runtime.enable");
    return client;
  }

  async send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    this.#sent += 1;
    const id = this.#sent;
    const answer = new Promise<Message>((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  /** Waits until the program stops, and returns where. */
  async paused(): Promise<Pause & { readonly url: string }> {
    const pause = await found(() => this.#pauses.shift(), "the program to stop");
    return { ...pause, url: this.#scripts.get(pause.location.scriptId)?.url ?? "" };
  }

  /** The source map of a script. */
  sourceMap(scriptId: string): SourceMap {
    const [, data = ""] = this.#scripts.get(scriptId)?.sourceMapURL.split("base64,") ?? [];
    return new SourceMap(JSON.parse(Buffer.from(data, "base64").toString()) as SourceMapPayload);
  }

  close(): void {
    this.#socket.close();
  }

  #take({ id, method, params, ...answer }: Message): void {
    if (id !== undefined) this.#answers.get(id)?.(answer);
    else if (method === "Debugger.paused") this.#pauses.push((params?.["callFrames"] as [Pause])[0]);
    else if (method === "Debugger.scriptParsed") {
      const script = params as { scriptId: string; url: string; sourceMapURL: string };
      this.#scripts.set(script.scriptId, script);
    }
  }
}
