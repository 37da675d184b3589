// Tags in the order docker lists them: runs of digits count as numbers, so v9 stands before v10.

/** For sort(). Texts that differ in zeros before a number only keep some order of their own, always the same. */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = compareParts(part, other);
    if (order !== 0) return order;
  }
  if (left.length < right.length) return -1;
  return compareTexts(a, b);
}

function partsOf(text: string): readonly string[] {
  return text.match(/[0-9]+|[^0-9]+/g) ?? [];
}

function compareParts(a: string, b: string): number {
  const isNumber = /^[0-9]/;
  if (!isNumber.test(a) || !isNumber.test(b)) return compareTexts(a, b);
  const [left, right] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return left.length === right.length ? compareTexts(left, right) : left.length - right.length;
}

/** By code unit, as bytes would be for all that a tag may hold. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
