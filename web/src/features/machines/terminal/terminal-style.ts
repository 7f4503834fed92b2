// The style rules of the terminal, as a sheet: the content policy refuses those that are written into the page as
// text. vite.config.ts has the terminal make this element where it would make a style element.

class TerminalStyle extends (HTMLElement as unknown as new () => object) {
  readonly #sheet = new CSSStyleSheet();

  set textContent(rules: string) {
    this.#sheet.replaceSync(rules);
  }

  connectedCallback() {
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.#sheet];
  }

  disconnectedCallback() {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== this.#sheet);
  }
}

export function defineTerminalStyle() {
  if (!customElements.get("terminal-style")) {
    customElements.define("terminal-style", TerminalStyle as unknown as CustomElementConstructor);
  }
}
