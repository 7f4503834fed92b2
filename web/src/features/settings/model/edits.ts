// What somebody changed and has not saved: a value by key, null for "back to default".
import type { Item } from "../calls";
import { isMap } from "./schema";

export type Edits = Readonly<Record<string, unknown>>;

export const keyOf = (item: Pick<Item, "section" | "key">) => `${item.section}.${item.key}`;

/** The value as it will be once the edits are saved. */
export function shownValue(item: Item, edits: Edits): unknown {
  const edit = edits[keyOf(item)];
  return edit === undefined ? item.value : (edit ?? item.default);
}

/** The edits with one more; what is as it was saved is no edit. */
export function withEdit(edits: Edits, item: Item, value: unknown): Edits {
  const { [keyOf(item)]: _, ...others } = edits;
  return same(value, item.value) ? others : { ...others, [keyOf(item)]: value ?? null };
}

export function withoutEdit(edits: Edits, key: string): Edits {
  const { [key]: _, ...others } = edits;
  return others;
}

/** Back to default: the key is taken out of the file, even where it says what the default is. */
export function withDefault(edits: Edits, item: Item): Edits {
  return item.source === "default" ? withoutEdit(edits, keyOf(item)) : { ...edits, [keyOf(item)]: null };
}

/** Equal in content. What is not there counts as null. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a ?? null, b ?? null)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, at) => same(one, b[at]));
  if (!isMap(a) || !isMap(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]));
}
