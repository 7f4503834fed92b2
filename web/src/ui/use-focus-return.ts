// Dialogs here are opened by state and not by a trigger of the library, which would then lose the focus on closing.
import { useState } from "react";

/** Remembers what had the focus when the dialog came, and hands it back when it goes. */
export function useFocusReturn() {
  const [opener] = useState(() => openerOf(document.activeElement));
  return (event: Event) => {
    event.preventDefault();
    // Whoever moved it on purpose meanwhile, as to the content of another page, knows better.
    if (document.activeElement && document.activeElement !== document.body) return;
    const next = opener?.isConnected ? opener : document.getElementById("main");
    next?.focus({ preventScroll: true });
  };
}

/** An entry of a menu is gone when the dialog closes; the button of the menu is still there. */
function openerOf(element: Element | null): HTMLElement | null {
  const button = element?.closest("[role=menu]")?.getAttribute("aria-labelledby");
  const opener = button ? document.getElementById(button) : element;
  return opener instanceof HTMLElement && opener !== document.body ? opener : null;
}
