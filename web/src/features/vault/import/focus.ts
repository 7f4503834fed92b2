/** What comes in the place of a button that was pressed takes the focus over, so that the keyboard does not lose its place. */
export function takeFocus(element: HTMLElement | null) {
  element?.focus();
}
