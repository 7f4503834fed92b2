import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const server = process.env.DIWAN_SERVER ?? "http://127.0.0.1:7400";

export default defineConfig({
  plugins: [react(), tailwindcss(), preloadLatinFont(), terminalStyles()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    // The content policy allows files of our own origin only, so nothing is inlined as a data: URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What every page needs travels in two files; dialogs, menus and the reference stay with those who use them.
        codeSplitting: {
          groups: [
            {
              name: "base",
              test: /node_modules\/(react|react-dom|scheduler|@tanstack|i18next|react-i18next|openapi-fetch)\//,
            },
            {
              name: "kit",
              test: /src\/(app|api|live|ui|i18n)\/(?!(palette|en|ar)\/)(?!.*(dialog|confirm|menu|drawer|shell|side-bar|person-)).*\.tsx?$/,
            },
          ],
        },
      },
    },
  },
  // What is bundled beforehand is not seen by the plugin below.
  optimizeDeps: { exclude: ["@xterm/xterm"] },
  server: { proxy: { "/api": { target: server, ws: true } } },
});

/** Lets the browser fetch the interface font together with the script instead of after the style sheet. */
function preloadLatinFont(): Plugin {
  return {
    name: "preload-latin-font",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle }) {
        const font = Object.keys(bundle ?? {}).find((name) => /\/geist-latin-(?!ext)[^/]*\.woff2$/.test(name));
        if (!font) return [];
        const attrs = { rel: "preload", as: "font", type: "font/woff2", href: `/${font}`, crossorigin: "" };
        return [{ tag: "link", attrs, injectTo: "head" }];
      },
    },
  };
}

/**
 * The content policy allows no style that is written into the page as text, and the terminal writes some. Here it is
 * made to give its rules to an element of ours, which hands them to the browser as a sheet, and colours one by one.
 * See src/features/machines/terminal/terminal-style.ts.
 */
function terminalStyles(): Plugin {
  const changes = [
    { from: /\.createElement\("style"\)/g, to: '.createElement("terminal-style")', times: 3 },
    { from: /(\w+)\.setAttribute\("style",(`[^;]*?;`)\)/g, to: "$1.style.cssText=$2", times: 1 },
  ];
  return {
    name: "terminal-styles",
    transform(code, id) {
      if (!/@xterm\/xterm\/lib\/xterm\.mjs/.test(id)) return null;
      for (const { from, to, times } of changes) {
        const found = code.match(from)?.length ?? 0;
        if (found !== times) this.error(`another xterm: ${found} places instead of ${times} match ${from}`);
        code = code.replace(from, to);
      }
      return { code, map: null };
    },
  };
}
