// Labels of machines, like env=prod or gpu, as the server reads them: whoever types one is told at once.

const KEY = /^[a-z0-9][a-z0-9._/-]{0,62}$/;
const VALUE = /^[A-Za-z0-9._-]{1,63}$/;
export const MOST_LABELS = 32;

export type LabelFault = { kind: "unfit" | "twice"; label: string } | { kind: "too_many" };

/** What stands between commas or blanks. */
export function splitLabels(text: string): string[] {
  return [...new Set(text.split(/[\s,،]+/).filter(Boolean))];
}

export function isLabel(label: string): boolean {
  const at = label.indexOf("=");
  if (at < 0) return KEY.test(label);
  return KEY.test(label.slice(0, at)) && VALUE.test(label.slice(at + 1));
}

/** What is wrong with labels that a machine is to have. */
export function labelFault(labels: string[]): LabelFault | null {
  if (labels.length > MOST_LABELS) return { kind: "too_many" };
  const unfit = labels.find((label) => !isLabel(label));
  if (unfit !== undefined) return { kind: "unfit", label: unfit };
  const keys = labels.map(keyOf);
  const twice = labels.find((_, at) => keys.indexOf(keys[at] ?? "") !== at);
  return twice === undefined ? null : { kind: "twice", label: twice };
}

/** Labels that a machine has afterwards: a new value takes the place of the old one. */
export function withLabels(before: string[], added: string[], removed: string[]): string[] {
  const fresh = new Set(added.map(keyOf));
  const kept = before.filter((label) => !fresh.has(keyOf(label)) && !removed.includes(label));
  return [...new Set([...kept, ...added])].sort();
}

/** Whether a machine with these labels is meant by a selector: all that is asked, and a key alone means any value. */
export function isSelected(labels: string[], selector: string[]): boolean {
  return selector.every((asked) => labels.some((label) => label === asked || keyOf(label) === asked));
}

export function keyOf(label: string): string {
  return label.split("=", 1)[0] ?? label;
}
