// The edits under way: what was changed, whether it fits, and on top of which version it stands.
import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import type { SettingChange } from "@/api/types";
import { useCan } from "@/app/me";
import type { Item, Settings } from "./calls";
import { type Edits, keyOf, same, shownValue, withDefault, withEdit, withoutEdit } from "./model/edits";
import { type Complaint, complaintAbout, complaintOf, settingOf } from "./model/faults";
import { flawsOf } from "./model/schema";
import { checkQuery } from "./queries";

interface Editing {
  settings: Settings;
  /** Whether this person may change settings here, and the file allows it. */
  mayEdit: boolean;
  edits: Edits;
  set: (item: Item, value: unknown) => void;
  toDefault: (item: Item) => void;
  undo: (key: string) => void;
  undoAll: () => void;
  complaints: Complaint[];
  isChecking: boolean;
  /** Why the edits could not be judged at all. */
  checkError: unknown;
  /** What the server says will change. */
  changes: SettingChange[] | undefined;
  /** The version that the edits were begun on. */
  base: number;
  /** Which of the edited settings somebody else changed since. */
  changedMeanwhile: string[];
  rebase: (version?: number) => void;
}

const Context = createContext<Editing | null>(null);
const PAUSE_MS = 300;

export function useEditing(): Editing {
  const editing = use(Context);
  if (!editing) throw new Error("outside of the settings");
  return editing;
}

/** What is wrong at exactly this place. */
export function useComplaint(path: string): Complaint | undefined {
  return useEditing().complaints.find((one) => one.path === path);
}

export function EditingProvider({ settings, children }: { settings: Settings; children: ReactNode }) {
  const mayManage = useCan("settings.manage");
  const [edits, setEdits] = useState<Edits>({});
  const [begun, setBegun] = useState<Settings | null>(null);
  const settled = useSettled(edits);
  const check = useQuery(checkQuery(settled));
  const isEmpty = Object.keys(edits).length === 0;
  // Nothing is under way, so the next edit stands on what is shown now.
  if (isEmpty && begun) setBegun(null);
  const change = (next: (before: Edits) => Edits) => {
    setBegun((before) => before ?? settings);
    setEdits(next);
  };
  const complaints = useMemo(() => complaintsAbout(settings, edits, check.data), [settings, edits, check.data]);
  const editing: Editing = {
    settings,
    mayEdit: mayManage && settings.file.is_writable,
    edits,
    set: (item, value) => change((before) => withEdit(before, item, value)),
    toDefault: (item) => change((before) => withDefault(before, item)),
    undo: (key) => change((before) => withoutEdit(before, key)),
    undoAll: () => setEdits({}),
    complaints,
    isChecking: !isEmpty && (settled !== edits || check.isFetching),
    checkError: isEmpty ? null : check.error,
    changes: check.data?.changes,
    base: (begun ?? settings).version,
    changedMeanwhile: begun ? changedSince(begun, settings, edits) : [],
    rebase: (version) => setBegun(version === undefined ? settings : begun && { ...begun, version }),
  };
  return <Context value={editing}>{children}</Context>;
}

/** Follows the edits after a pause in typing, so that each letter does not become a request. */
function useSettled(edits: Edits): Edits {
  const [settled, setSettled] = useState(edits);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(edits), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [edits]);
  return settled;
}

function complaintsAbout(
  { items }: Settings,
  edits: Edits,
  checked: { faults: Parameters<typeof complaintOf>[0][]; of: Edits } | undefined,
): Complaint[] {
  const flaws = items
    .filter((item) => edits[keyOf(item)] != null)
    .flatMap((item) => flawsOf(item.schema, shownValue(item, edits), keyOf(item)))
    .map(complaintAbout);
  if (!checked || Object.keys(edits).length === 0) return flaws;
  // What the server said about a value that has changed since is not about this one.
  const current = checked.faults.map(complaintOf).filter(({ path }) => {
    const key = settingOf(path);
    return same(edits[key], checked.of[key]) && !flaws.some((flaw) => flaw.path === path);
  });
  return [...flaws, ...current];
}

function changedSince(before: Settings, now: Settings, edits: Edits): string[] {
  if (before.version === now.version) return [];
  const old = new Map(before.items.map((item) => [keyOf(item), item.value]));
  return now.items.filter((item) => keyOf(item) in edits && !same(old.get(keyOf(item)), item.value)).map(keyOf);
}
