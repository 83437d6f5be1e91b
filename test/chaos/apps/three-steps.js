// Of the words that occur more than once: how many occur how often. A step between the two has no reduce.
const words = {
  input: "text",
  map(_file, text, ctx) {
    for (const [word] of text.matchAll(/\p{L}+/gu)) ctx.emit(word, 1);
  },
  reduce: (_word, ones) => ones.length,
};

const repeated = {
  map(word, count, ctx) {
    if (count > 1) ctx.emit(word, count);
  },
};

const counts = {
  map: (_word, count, ctx) => ctx.emit(String(count), 1),
  reduce: (_count, ones) => ones.length,
};

export const steps = [words, repeated, counts];
