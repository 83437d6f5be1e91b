import { describe, expect, it } from "vitest";
import { EmitGate, takeUntold } from "../../src/worker/emit-gate.js";

describe("the gate of an attempt", () => {
  it("admits what is emitted while the attempt runs", () => {
    expect(new EmitGate("map 1").admits("ctx.emit")).toBe(true);
  });

  it("drops what comes while the attempt settles, and keeps the first as its error", () => {
    const gate = new EmitGate("map 1");
    gate.phase.settle();
    expect(gate.admits("ctx.emit")).toBe(false);
    expect(gate.admits("add of a counter")).toBe(false);
    expect(gate.phase.fault?.message).toBe("map 1 called ctx.emit after it had ended (is an `await` missing?)");
    gate.phase.open();
    expect(gate.admits("ctx.emit")).toBe(true);
  });

  it("throws at what comes when the attempt has ended well, since nobody else can tell", () => {
    const gate = new EmitGate("reduce 0");
    gate.phase.settle();
    gate.phase.close();
    expect(() => gate.admits("ctx.emit")).toThrow("reduce 0 called ctx.emit after it had ended");
    expect(takeUntold()?.message).toContain("reduce 0 called ctx.emit after it had ended");
    expect(takeUntold()).toBeUndefined();
  });

  it("drops what comes when the attempt has failed", () => {
    const gate = new EmitGate("map 1");
    gate.phase.disown();
    expect(gate.admits("ctx.emit")).toBe(false);
    gate.phase.settle();
    expect(gate.admits("ctx.emit")).toBe(false);
    expect(gate.phase.fault).toBeUndefined();
  });
});
