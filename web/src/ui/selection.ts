// Which lines of a list are chosen. One that is no longer in the list is no longer chosen.
import { useMemo, useState } from "react";

export interface Selection<T> {
  chosen: T[];
  has: (id: string) => boolean;
  toggle: (id: string) => void;
  all: boolean;
  toggleAll: () => void;
  clear: () => void;
}

export function useSelection<T extends { id: string }>(items: T[]): Selection<T> {
  const [ids, setIds] = useState<ReadonlySet<string>>(() => new Set());
  return useMemo(() => {
    const chosen = items.filter(({ id }) => ids.has(id));
    const all = items.length > 0 && chosen.length === items.length;
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
      toggleAll: () => setIds(new Set(all ? [] : items.map(({ id }) => id))),
      clear: () => setIds(new Set()),
    };
  }, [items, ids]);
}
