import { useEffect, useRef } from "react";

/** Moves the focus to the content of a newly opened area, so a screen reader starts there; tabs within it keep theirs. */
export function useFocusOnArrival(pathname: string) {
  const area = pathname.split("/")[1];
  const before = useRef(area);
  useEffect(() => {
    if (before.current === area) return;
    before.current = area;
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [area]);
}
