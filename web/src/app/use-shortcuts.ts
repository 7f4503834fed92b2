// Keyboard shortcuts: Ctrl/Cmd+K and "/" open the palette, "?" the sheet, and "g" then a letter goes somewhere.
import { useEffect, useRef } from "react";
import { useGo, usePlaces } from "./use-go";

interface ShortcutActions {
  openPalette: () => void;
  openSheet: () => void;
}

const SEQUENCE_MS = 1200;

export function useShortcuts(actions: ShortcutActions) {
  const places = usePlaces();
  const go = useGo();
  const latest = useRef({ actions, places, go });
  latest.current = { actions, places, go };

  useEffect(() => {
    let leaderAt = Number.NEGATIVE_INFINITY;
    const onKey = (event: KeyboardEvent) => {
      const now = latest.current;
      const key = latinKey(event);
      if ((event.ctrlKey || event.metaKey) && key === "k") {
        event.preventDefault();
        now.actions.openPalette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isBusy(event.target)) return;
      const inSequence = event.timeStamp - leaderAt < SEQUENCE_MS;
      leaderAt = key === "g" && !inSequence ? event.timeStamp : Number.NEGATIVE_INFINITY;
      if (inSequence) {
        const place = now.places.find((one) => one.key === key);
        if (place) now.go(place);
      } else if (event.key === "?" || event.key === "؟") now.actions.openSheet();
      else if (event.key === "/") {
        event.preventDefault();
        now.actions.openPalette();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

/** The place on the keyboard, not the letter on it, so the shortcuts work under an Arabic layout too. */
function latinKey(event: KeyboardEvent): string {
  const latin = /^[a-z]$/i.test(event.key) ? event.key : event.code.replace(/^Key/, "");
  return latin.toLowerCase();
}

/** Letters belong to the field or dialog that has the focus. */
function isBusy(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, select, [role=dialog], [role=menu]") !== null;
}
