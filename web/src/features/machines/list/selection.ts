// Which machines are chosen. One that is no longer in the list is no longer chosen.
import { useMemo, useState } from "react";
import type { Machine } from "@/api/types";

export interface Selection {
  chosen: Machine[];
  has: (id: string) => boolean;
  toggle: (id: string) => void;
  all: boolean;
  toggleAll: () => void;
  clear: () => void;
}

export function useSelection(machines: Machine[]): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(() => new Set());
  return useMemo(() => {
    const chosen = machines.filter((machine) => ids.has(machine.id));
    const all = machines.length > 0 && chosen.length === machines.length;
    return {
      chosen,
      all,
      has: (id) => ids.has(id),
      toggle: (id) =>
        setIds((before) => {
          const after = new Set(before);
          if (!after.delete(id)) after.add(id);
          return after;
        }),
      toggleAll: () => setIds(new Set(all ? [] : machines.map((machine) => machine.id))),
      clear: () => setIds(new Set()),
    };
  }, [machines, ids]);
}
