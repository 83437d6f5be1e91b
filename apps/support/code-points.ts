/** Orders strings as keys are ordered: by their code points, lone surrogates included. */
export function compareCodePoints(a: string, b: string): number {
  for (let at = 0; ; at++) {
    const [one, other] = [a.codePointAt(at), b.codePointAt(at)];
    if (one === undefined || other === undefined) return a.length - b.length;
    if (one !== other) return one - other;
  }
}
