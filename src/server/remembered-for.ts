// One answer for all who ask at the same time, and for a while after: health is asked by anybody, and each question would otherwise go on to
// the database or the signer.

/** `milliseconds` 0: only those who ask while the answer is under way share it. */
export function rememberedFor<T>(milliseconds: number, ask: () => Promise<T>): () => Promise<T> {
  let last: { readonly answer: Promise<T>; until: number } | undefined;
  return () => {
    if (last !== undefined && performance.now() < last.until) return last.answer;
    const asked = { answer: ask(), until: Number.POSITIVE_INFINITY };
    last = asked;
    const settle = () => {
      asked.until = performance.now() + milliseconds;
    };
    asked.answer.then(settle, settle);
    return asked.answer;
  };
}
