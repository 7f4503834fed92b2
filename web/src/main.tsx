// Starts the dashboard: words first, then the router inside its providers.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { Language } from "./api/types";
import { Providers } from "./app/providers";
import { startI18n } from "./i18n";
import "./app.css";

const language: Language = document.documentElement.lang === "ar" ? "ar" : "en";
const root = document.getElementById("root");

await startI18n(language);
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Providers />
    </StrictMode>,
  );
}

// Plain HTTP has no service workers, and while developing a kept file would only confuse.
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  void navigator.serviceWorker.register("/sw.js").catch(() => {});
}
