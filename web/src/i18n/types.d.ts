// Makes every key of the English words a type, so a misspelt key fails the type check.
import type words from "./en";
import type docs from "./en/docs.json";
import type jobs from "./en/jobs.json";
import type machines from "./en/machines.json";
import type settings from "./en/settings.json";
import type vault from "./en/vault.json";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: {
      translation: typeof words & typeof machines & typeof jobs & typeof settings & typeof vault;
      docs: typeof docs;
    };
  }
}
